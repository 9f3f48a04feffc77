// Sums of products of many long rows, such as those of a kernel matrix, in bfloat16.
//
// libtorch's own bfloat16 products round what comes out to bfloat16 again, which is too coarse for a sum over many pieces.
// Here the operands alone are rounded: products are exact, sums are fp32 within a piece and fp64 over the pieces. Of a matrix
// times its own transpose only one half is computed.

#include <algorithm>

#include "ct_linear_algebra.h"
#include "internal.h"
#include "matrix_product.h"
#include "panels.h"
#include "parallel.h"

#if defined(__x86_64__) && defined(__linux__)
#define CT_HAS_BFLOAT16_PRODUCTS 1

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma"))), apply_to = function)

#include "bfloat16_operands.h"

namespace ct {
namespace {

// Rows of a block, and so the words of a line of its packed form.
constexpr int64_t side = 64;
// Lines that are multiplied at a time: those of two blocks stay in the inner caches.
constexpr int64_t deep = 512;

// As many of 16 floats as there are.
CT_INLINE __m512 floats(const float* x, int64_t count) {
    return count <= 0 ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(first_of(count), x);
}

// 16 rows, from the given one on, of their block.
void pack_rows(const float* x, int64_t rows, int64_t columns, int64_t first, int64_t lines, Word* block) {
    for (int64_t column = 0; column < 2 * lines; column += 32) {
        Vector r[lanes];
        for (int i = 0; i < 16; i++) {
            const float* row = x + (first + i) * columns + column;
            r[i] = first + i >= rows ? Vector{}
                                     : reinterpret_cast<Vector>(_mm512_cvtne2ps_pbh(floats(row + 16, columns - column - 16),
                                                                                    floats(row, columns - column)));
        }
        transpose(r);
        for (int i = 0; i < 16; i++) CT_STORE(block + (column / 2 + i) * side + first % side, r[i]);
    }
}

/// Adds the products of four rows of a block, over some lines, to what `c` has of them in its last `vectors` vectors.
template <int vectors>
CT_INLINE void add_tile(int64_t lines, const StridedOf<Word>& rows, const Word* right, float* c) {
    constexpr int64_t skipped = side - vectors * lanes;
    const Partial sums{c + skipped, side};
    product_tile<4, vectors>(lines, rows, right + skipped, side, 0, 0, Load{sums}, Store{sums});
}

// The product of two blocks, [64, 64]; of a block with itself what lies left of the diagonal is left out, but for some of it.
void multiply(int64_t lines, const Word* a, const Word* b, bool isDiagonal, float* c) {
    for (int64_t start = 0; start < lines; start += deep) {
        const int64_t count = std::min(deep, lines - start);
        const Word *left = a + start * side, *right = b + start * side;
        for (int row = 0; row < side; row += 4) {
            const StridedOf<Word> rows{left + row, 1, side};
            switch (isDiagonal ? row / lanes : 0) {
                case 0: add_tile<4>(count, rows, right, c + row * side); break;
                case 1: add_tile<3>(count, rows, right, c + row * side); break;
                case 2: add_tile<2>(count, rows, right, c + row * side); break;
                default: add_tile<1>(count, rows, right, c + row * side);
            }
        }
    }
}

}  // namespace
}  // namespace ct

#pragma clang attribute pop

namespace ct {
namespace {

/// [R, K] in bfloat16 as blocks of 64 rows, [R/64, K/2, 64] words, the rest filled up by zeros.
struct Packed {
    at::Tensor words;
    int64_t blocks, lines;

    const Word* block(int64_t index) const { return static_cast<const Word*>(words.const_data_ptr()) + index * lines * side; }
};

Packed packed(const at::Tensor& x) {
    const int64_t rows = x.size(0), columns = x.size(1);
    const int64_t blocks = (rows + side - 1) / side, lines = (columns + 31) / 32 * 16;
    Packed result{at::empty({blocks * lines * side}, at::kInt), blocks, lines};
    Word* words = static_cast<Word*>(result.words.mutable_data_ptr());
    const float* values = x.const_data_ptr<float>();
    parallel_for(0, blocks * side / 16, 1, [&](int64_t begin, int64_t end) {
        for (int64_t strip = begin; strip < end; strip++)
            pack_rows(values, rows, columns, strip * 16, lines, words + strip * 16 / side * lines * side);
    });
    return result;
}

void add_block(const Packed& a, const Packed& b, bool isSymmetric, int64_t i, int64_t j, const at::Tensor& sum) {
    alignas(64) float product[side * side] = {};
    const bool isDiagonal = isSymmetric && i == j;
    multiply(a.lines, a.block(i), b.block(j), isDiagonal, product);
    const int64_t rows = std::min(side, sum.size(0) - i * side), columns = std::min(side, sum.size(1) - j * side);
    for (int64_t row = 0; row < rows; row++) {
        double* line = sum.mutable_data_ptr<double>() + (i * side + row) * sum.size(1) + j * side;
        for (int64_t column = isDiagonal ? row : 0; column < columns; column++) line[column] += product[row * side + column];
    }
}

void add_products(const at::Tensor& sum, const at::Tensor& left, const std::optional<at::Tensor>& right) {
    const auto a = packed(left.contiguous());
    const auto b = right ? packed(right->contiguous()) : a;
    const int64_t count = a.blocks * b.blocks;
    parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
        for (int64_t pair = begin; pair < end; pair++) {
            const int64_t i = pair / b.blocks, j = pair % b.blocks;
            if (right || i <= j) add_block(a, b, !right, i, j, sum);
        }
    });
}

}  // namespace
}  // namespace ct

bool ct_has_bfloat16_products(void) {
    static const bool has = __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw") &&
                            __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    return has;
}

#else

bool ct_has_bfloat16_products(void) { return false; }

#endif

using namespace ct;

namespace {

// The same sums where the processor has no such products: of rounded elements in fp32.
void add_rounded_products(const at::Tensor& sum, const at::Tensor& left, const std::optional<at::Tensor>& right) {
    const auto a = left.to(at::kBFloat16).to(at::kFloat);
    const auto b = right ? right->to(at::kBFloat16).to(at::kFloat) : a;
    sum.add_(a.matmul(b.t()));
}

bool is_matrix(const at::Tensor& x, at::ScalarType type) { return x.dim() == 2 && x.is_cpu() && x.scalar_type() == type; }

}  // namespace

ct_status ct_add_bfloat16_products(ct_tensor sumHandle, ct_tensor leftHandle, ct_tensor rightHandle) {
    return guarded([&] {
        at::NoGradGuard guard;
        const auto &sum = borrow(sumHandle), &left = borrow(leftHandle);
        const auto right = maybe(rightHandle);
        const auto& other = right ? *right : left;
        TORCH_CHECK(is_matrix(left, at::kFloat) && is_matrix(other, at::kFloat) && left.size(1) == other.size(1),
                    "the factors are no fp32 matrices of rows of one length");
        TORCH_CHECK(is_matrix(sum, at::kDouble) && sum.is_contiguous() && sum.size(0) == left.size(0) &&
                        sum.size(1) == other.size(0),
                    "the sum is no fp64 matrix of one element a pair of rows");
#ifdef CT_HAS_BFLOAT16_PRODUCTS
        if (ct_has_bfloat16_products()) return add_products(sum, left, right);
#endif
        add_rounded_products(sum, left, right);
    });
}
