#pragma once
// The loops of a product: blocks of rows that stay in the second-level cache, over depths whose columns do too, in tiles of
// registers. What a tile begins with and what becomes of it are given by the caller.
#include "panels.h"
#include "small_matmul.h"

namespace ct {

/// One product [rows, columns] = left [rows, depth] · right [depth, columns]; columns are whole vectors. An element is a number,
/// or several that lie next to each other in the depth.
template <typename Element>
struct Task {
    int64_t rows, columns, depth;
    /// Rows of adjacent columns, `rightRow` apart; or, packed, one panel after another, each its rows without gaps.
    const Element* right;
    int64_t rightRow;
    bool isPacked;
    /// Where sums are kept between blocks of the depth; not touched where there is one.
    Partial partial;
    int64_t blockDepth;
};

constexpr int64_t blockRows = 192, usualBlockDepth = 384;

template <int vectors, typename Element, typename Begin, typename End>
CT_INLINE void product_panel(int64_t rows, int64_t depth, StridedOf<Element> a, const Element* b, int64_t bRow, int64_t row,
                             int64_t column, const Begin& begin, const End& end) {
    constexpr int tall = vectors == 4 ? 6 : 8;
    int64_t i = 0;
    for (; i + tall <= rows; i += tall)
        product_tile<tall, vectors, Element>(depth, {a.data + i * a.row, a.row, a.column}, b, bRow, row + i, column, begin, end);
    for (; i < rows; i++)
        product_tile<1, vectors, Element>(depth, {a.data + i * a.row, a.row, a.column}, b, bRow, row + i, column, begin, end);
}

/// A block of `rows` rows from `row` on and of the depth from `k` on; `a` begins there.
template <typename Element, typename Begin, typename End>
CT_INLINE void product_block(const Task<Element>& task, int64_t row, int64_t rows, int64_t k, int64_t depth, StridedOf<Element> a,
                             const Begin& begin, const End& end) {
    const Element* panel = task.right;
    for (int64_t column = 0, left = task.columns / lanes; left > 0;) {
        const int width = panel_width(left);
        const int64_t bRow = task.isPacked ? width * lanes : task.rightRow;
        const Element* b = task.isPacked ? panel + k * bRow : task.right + k * bRow + column;
        switch (width) {
            case 4: product_panel<4>(rows, depth, a, b, bRow, row, column, begin, end); break;
            case 3: product_panel<3>(rows, depth, a, b, bRow, row, column, begin, end); break;
            case 2: product_panel<2>(rows, depth, a, b, bRow, row, column, begin, end); break;
            default: product_panel<1>(rows, depth, a, b, bRow, row, column, begin, end);
        }
        panel += task.depth * width * lanes, column += width * lanes, left -= width;
    }
}

/// Adds a block's sums to those so far. Each block of the depth begins at zero, so that rounding grows by the number of blocks
/// and not by that of terms.
template <typename End>
struct Add {
    Partial at;
    const End& end;
    CT_INLINE void operator()(int64_t row, int64_t column, Vector& sum) const {
        sum += CT_LOAD(at.out + row * at.outRow + column);
        end(row, column, sum);
    }
};

/// The rows first..<last. `left(row, rows, k, depth)` is a block of the left matrix, `begin(row, column, sum)` makes a tile's first
/// sums, `end(row, column, sum)` takes its last.
template <typename Element, typename Left, typename Begin, typename End>
CT_INLINE void product_rows(const Task<Element>& task, int64_t first, int64_t last, const Left& left, const Begin& begin,
                            const End& end) {
    const Store store{task.partial};
    for (int64_t row = first; row < last; row += blockRows) {
        const int64_t rows = last - row < blockRows ? last - row : blockRows;
        for (int64_t k = 0; k < task.depth; k += task.blockDepth) {
            const int64_t depth = task.depth - k < task.blockDepth ? task.depth - k : task.blockDepth;
            const StridedOf<Element> a = left(row, rows, k, depth);
            const bool isFirst = k == 0, isLast = k + depth == task.depth;
            if (isFirst && isLast) product_block(task, row, rows, k, depth, a, begin, end);
            else if (isFirst) product_block(task, row, rows, k, depth, a, begin, store);
            else if (isLast) product_block(task, row, rows, k, depth, a, Zero{}, Add<End>{task.partial, end});
            else product_block(task, row, rows, k, depth, a, Zero{}, Add<Store>{task.partial, store});
        }
    }
}

}  // namespace ct
