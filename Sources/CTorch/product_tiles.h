#pragma once
// The loops of a product: blocks of rows that stay in the second-level cache, over depths whose columns do too, in tiles of
// registers. What a tile begins with and what becomes of it are given by the caller.
#include "small_matmul.h"

namespace ct {

/// One product out [rows, columns] = left [rows, depth] · right [depth, columns]; columns are whole vectors.
struct Task {
    int64_t rows, columns, depth;
    Strided left;
    /// Rows of adjacent columns, `rightRow` apart; or, packed, one panel after another, each its rows without gaps.
    const float* right;
    int64_t rightRow;
    bool isPacked;
    float* out;
    int64_t outRow;
};

constexpr int64_t blockRows = 192, blockDepth = 384;

/// Vectors of the next panel where `left` vectors of columns are left: four at best, never one after others.
CT_INLINE int panel_width(int64_t left) {
    if (left % 4 == 0) return 4;
    return left % 3 == 1 && left > 3 ? 4 : left < 3 ? static_cast<int>(left) : 3;
}

template <int vectors, typename Begin, typename End>
CT_INLINE void product_panel(int64_t rows, int64_t depth, Strided a, const float* b, int64_t bRow, int64_t row, int64_t column,
                             const Begin& begin, const End& end) {
    constexpr int tall = vectors == 4 ? 6 : 8;
    int64_t i = 0;
    for (; i + tall <= rows; i += tall)
        product_tile<tall, vectors>(depth, {a.data + i * a.row, a.row, a.column}, b, bRow, row + i, column, begin, end);
    for (; i < rows; i++)
        product_tile<1, vectors>(depth, {a.data + i * a.row, a.row, a.column}, b, bRow, row + i, column, begin, end);
}

/// A block of `rows` rows from `row` on and of the depth from `k` on; `a` begins there.
template <typename Begin, typename End>
CT_INLINE void product_block(const Task& task, int64_t row, int64_t rows, int64_t k, int64_t depth, Strided a, const Begin& begin,
                             const End& end) {
    const float* panel = task.right;
    for (int64_t column = 0, left = task.columns / lanes; left > 0;) {
        const int width = panel_width(left);
        const int64_t bRow = task.isPacked ? width * lanes : task.rightRow;
        const float* b = task.isPacked ? panel + k * bRow : task.right + k * bRow + column;
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

/// [depth, rows] without gaps, from rows next to each other in memory.
CT_INLINE Strided copied(Strided a, int64_t rows, int64_t depth, float* scratch) {
    for (int64_t k = 0; k < depth; k++) {
        const float* from = a.data + k * a.column;
        float* to = scratch + k * rows;
        int64_t i = 0;
        for (; i + lanes <= rows; i += lanes) CT_STORE(to + i, CT_LOAD(from + i));
        for (; i < rows; i++) to[i] = from[i];
    }
    return {scratch, 1, rows};
}

/// The rows first..<last. `begin(row, column, sum)` makes a tile's first sums, `end(row, column, sum)` takes its last.
/// Scratch: blockRows · blockDepth numbers where the left matrix is transposed.
template <typename Begin, typename End>
CT_INLINE void product_rows(const Task& task, int64_t first, int64_t last, float* scratch, const Begin& begin, const End& end) {
    const Partial partial{task.out, task.outRow};
    const Store store{partial};
    for (int64_t row = first; row < last; row += blockRows) {
        const int64_t rows = last - row < blockRows ? last - row : blockRows;
        for (int64_t k = 0; k < task.depth; k += blockDepth) {
            const int64_t depth = task.depth - k < blockDepth ? task.depth - k : blockDepth;
            Strided a{task.left.data + row * task.left.row + k * task.left.column, task.left.row, task.left.column};
            if (a.column != 1) a = copied(a, rows, depth, scratch);
            const bool isFirst = k == 0, isLast = k + depth == task.depth;
            if (isFirst && isLast) product_block(task, row, rows, k, depth, a, begin, end);
            else if (isFirst) product_block(task, row, rows, k, depth, a, begin, store);
            else if (isLast) product_block(task, row, rows, k, depth, a, Zero{}, Add<End>{partial, end});
            else product_block(task, row, rows, k, depth, a, Zero{}, Add<Store>{partial, store});
        }
    }
}

}  // namespace ct
