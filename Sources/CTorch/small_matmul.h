#pragma once
// Products of matrices that are too small for a BLAS to be worth its call: tiles of the result live in registers.
#include <cstdint>

#include "vector.h"

namespace ct {

/// A matrix by its element strides.
template <typename Element>
struct StridedOf {
    const Element* data;
    int64_t row, column;
};
using Strided = StridedOf<float>;

/// What a product's inner loop does with its elements: 16 neighbours of the right matrix, and one of the left times those.
CT_INLINE void load(Vector& right, const float* from) { right = CT_LOAD(from); }
CT_INLINE void multiply_add(Vector& sum, float left, const Vector& right) { sum += left * right; }
template <typename Element>
struct Neighbours {
    using Type = Vector;
};

/// Sums so far, in their places in the result.
struct Partial {
    float* out;
    int64_t outRow;
};
struct Load {
    Partial at;
    CT_INLINE void operator()(int64_t row, int64_t column, Vector& sum) const { sum = CT_LOAD(at.out + row * at.outRow + column); }
};
struct Zero {
    CT_INLINE void operator()(int64_t, int64_t, Vector& sum) const { sum = Vector{}; }
};
struct Store {
    Partial at;
    CT_INLINE void operator()(int64_t row, int64_t column, Vector& sum) const { CT_STORE(at.out + row * at.outRow + column, sum); }
};

/// A tile of a product, whose sums stay in registers: `begin(row, column, sum)` makes the first, `end(row, column, sum)` takes the
/// last. The right matrix has adjacent columns, its rows are `bRow` apart.
template <int rows, int vectors, typename Element, typename Begin, typename End>
CT_INLINE void product_tile(int64_t depth, StridedOf<Element> a, const Element* b, int64_t bRow, int64_t row, int64_t column,
                            const Begin& begin, const End& end) {
    Vector sums[rows][vectors];
#pragma unroll
    for (int r = 0; r < rows; r++) {
#pragma unroll
        for (int v = 0; v < vectors; v++) begin(row + r, column + v * lanes, sums[r][v]);
    }
    for (int64_t k = 0; k < depth; k++) {
        typename Neighbours<Element>::Type right[vectors];
#pragma unroll
        for (int v = 0; v < vectors; v++) load(right[v], b + k * bRow + v * lanes);
#pragma unroll
        for (int r = 0; r < rows; r++) {
            const Element left = a.data[r * a.row + k * a.column];
#pragma unroll
            for (int v = 0; v < vectors; v++) multiply_add(sums[r][v], left, right[v]);
        }
    }
#pragma unroll
    for (int r = 0; r < rows; r++) {
#pragma unroll
        for (int v = 0; v < vectors; v++) end(row + r, column + v * lanes, sums[r][v]);
    }
}

template <int rows, int vectors, bool adds = false>
CT_INLINE void tile(int64_t depth, Strided a, const float* b, int64_t bRow, float* c, int64_t cRow) {
    const Partial out{c, cRow};
    if constexpr (adds) product_tile<rows, vectors>(depth, a, b, bRow, 0, 0, Load{out}, Store{out});
    else product_tile<rows, vectors>(depth, a, b, bRow, 0, 0, Zero{}, Store{out});
}

template <int vectors, bool adds>
CT_INLINE void column_of_tiles(int64_t rows, int64_t depth, Strided a, const float* b, int64_t bRow, float* c, int64_t cRow) {
    constexpr int tall = vectors == 4 ? 6 : 8;
    int64_t i = 0;
    for (; i + tall <= rows; i += tall)
        tile<tall, vectors, adds>(depth, {a.data + i * a.row, a.row, a.column}, b, bRow, c + i * cRow, cRow);
    for (; i + 3 <= rows; i += 3) tile<3, vectors, adds>(depth, {a.data + i * a.row, a.row, a.column}, b, bRow, c + i * cRow, cRow);
    for (; i < rows; i++) tile<1, vectors, adds>(depth, {a.data + i * a.row, a.row, a.column}, b, bRow, c + i * cRow, cRow);
}

/// c [rows, columns] = a [rows, depth] · b [depth, columns], or c + that. Columns are whole vectors, next to each other in b
/// and c.
template <bool adds = false>
CT_INLINE void small_matmul(int64_t rows, int64_t columns, int64_t depth, Strided a, const float* b, int64_t bRow, float* c,
                            int64_t cRow) {
    for (int64_t left = columns / lanes; left > 0;) {
        const int width = left % 3 == 1 && left > 3 ? 4 : left < 3 ? static_cast<int>(left) : 3;
        switch (width) {
            case 4: column_of_tiles<4, adds>(rows, depth, a, b, bRow, c, cRow); break;
            case 3: column_of_tiles<3, adds>(rows, depth, a, b, bRow, c, cRow); break;
            case 2: column_of_tiles<2, adds>(rows, depth, a, b, bRow, c, cRow); break;
            default: column_of_tiles<1, adds>(rows, depth, a, b, bRow, c, cRow);
        }
        b += width * lanes, c += width * lanes, left -= width;
    }
}

}  // namespace ct
