#pragma once
// Operands of a product in bfloat16: pairs of neighbours in the depth, packed on the way from fp32 or bfloat16.
//
// To be included after immintrin.h, where functions are compiled for a processor that multiplies such pairs.
#include "product_endings.h"

namespace ct {

struct BFloat16 {
    uint16_t bits;
};

/// Two neighbours in the depth.
struct Word {
    int32_t bits;
};

constexpr int64_t pair = 2;

CT_INLINE void load(IntegerVector& right, const Word* from) {
    right = reinterpret_cast<IntegerVector>(_mm512_loadu_si512(from));
}

CT_INLINE void multiply_add(Vector& sum, Word left, const IntegerVector& right) {
    sum = reinterpret_cast<Vector>(_mm512_dpbf16_ps(reinterpret_cast<__m512>(sum), reinterpret_cast<__m512bh>(_mm512_set1_epi32(left.bits)),
                                                    reinterpret_cast<__m512bh>(right)));
}

CT_INLINE void load_kept(Vector& x, const BFloat16* from) {
    const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
    x = reinterpret_cast<Vector>(_mm512_slli_epi32(wide, 16));
}

CT_INLINE void keep(BFloat16* to, const Vector& x) {
    const __m256bh rounded = _mm512_cvtneps_pbh(reinterpret_cast<__m512>(x));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), reinterpret_cast<__m256i>(rounded));
}

/// 2ˣ and 1 / x within a relative error of 8e-5, a twentieth of what rounding to bfloat16 makes.
CT_INLINE void roughly_raise_two(Vector& x) {
    const Vector lowest = Vector{} - 200;
    x = x < lowest ? lowest : x;
    const __m512 power = _mm512_roundscale_ps(reinterpret_cast<__m512>(x), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const Vector rest = x - reinterpret_cast<Vector>(power);
    const Vector sum = ((rest * 0.05517138F + 0.24261121F) * rest + 0.69326103F) * rest + 0.99992807F;
    x = reinterpret_cast<Vector>(_mm512_scalef_ps(reinterpret_cast<__m512>(sum), power));
}
CT_INLINE void roughly_invert(Vector& x) { x = reinterpret_cast<Vector>(_mm512_rcp14_ps(reinterpret_cast<__m512>(x))); }

constexpr float binaryLogarithmOfE = 1.44269504088896341F;

/// As in fp32, with four terms fitted to a relative error of 2.1e-4.
template <>
CT_INLINE void gelu<BFloat16>(Vector& x, Vector& slope) {
    const Vector size = x < Vector{} ? -x : x;
    Vector density = x * x * (-0.5F * binaryLogarithmOfE), t = size * (0.42F * 0.70710678118654752F) + 1;
    roughly_raise_two(density), roughly_invert(t);
    const Vector tail = (((t * 0.22141233F + 0.02069497F) * t + 0.14158227F) * t + 0.11634922F) * t * density;
    const Vector share = x < Vector{} ? tail : 1 - tail;
    slope = share + x * density * 0.3989422804F;
    x *= share;
}

/// As in fp32, but for 1 − open, which would lose its digits.
template <>
CT_INLINE void tanh_gelu<BFloat16>(Vector& x, Vector& slope) {
    constexpr float steepness = 1.5957691216F, cubic = 0.044715F;
    const Vector argument = x * (x * x * cubic + 1) * (steepness * binaryLogarithmOfE);
    Vector small = argument < Vector{} ? argument : -argument;
    roughly_raise_two(small);
    Vector larger = small + 1;
    roughly_invert(larger);
    const Vector smaller = small * larger;
    const Vector open = argument < Vector{} ? smaller : larger, closed = argument < Vector{} ? larger : smaller;
    slope = open * (x * closed * ((x * x * (3 * cubic) + 1) * steepness) + 1);
    x *= open;
}

template <>
struct Neighbours<Word> {
    using Type = IntegerVector;
};

CT_INLINE __mmask16 first_of(int64_t count) { return static_cast<__mmask16>(count >= lanes ? 0xffff : (1U << count) - 1); }

/// As many of 16 elements as there are, as numbers of 16 bits, then zeros.
CT_INLINE __m256i sixteen(const float* from, int64_t count) {
    return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(first_of(count), from)));
}
CT_INLINE __m256i sixteen(const BFloat16* from, int64_t count) { return _mm256_maskz_loadu_epi16(first_of(count), from); }

/// Words of the elements of two rows of the depth, the second of which may be missing.
template <typename Source>
CT_INLINE void interleave(const Source* even, const Source* odd, int64_t count, Word* to) {
    for (int64_t i = 0; i < count; i += lanes) {
        __m512i words = _mm512_cvtepu16_epi32(sixteen(even + i, count - i));
        if (odd) words = _mm512_or_si512(words, _mm512_slli_epi32(_mm512_cvtepu16_epi32(sixteen(odd + i, count - i)), 16));
        _mm512_mask_storeu_epi32(to + i, first_of(count - i), words);
    }
}

/// Words of a row of whole vectors.
template <typename Source>
CT_INLINE void round_row(const Source* from, int64_t words, Word* to) {
    for (int64_t i = 0; i < words; i += lanes / pair)
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), sixteen(from + pair * i, lanes));
}

/// A matrix with one stride of 1. Along the depth it is whole vectors where that stride is the depth's.
template <typename Source>
struct Operand {
    const Source* data;
    int64_t row, column, depth;
};

/// Blocks of the left matrix in words: [rows, depth], where they lie or copied, if its rows lie along the depth, else [depth, rows].
template <typename Source>
struct Left {
    Operand<Source> matrix;
    Word* scratch;

    CT_INLINE StridedOf<Word> operator()(int64_t row, int64_t rows, int64_t k, int64_t lines) const {
        const Source* from = matrix.data + row * matrix.row + pair * k * matrix.column;
        if constexpr (std::is_same_v<Source, BFloat16>) {
            if (matrix.column == 1 && matrix.row % pair == 0) return {reinterpret_cast<const Word*>(from), matrix.row / pair, 1};
        }
        if (matrix.column == 1) {
            for (int64_t i = 0; i < rows; i++) round_row(from + i * matrix.row, lines, scratch + i * lines);
            return {scratch, lines, 1};
        }
        for (int64_t line = 0; line < lines; line++) {
            const Source* even = from + pair * line * matrix.column;
            interleave(even, pair * (k + line) + 1 < matrix.depth ? even + matrix.column : nullptr, rows, scratch + line * rows);
        }
        return {scratch, 1, rows};
    }
};

template <typename Source>
Left(Operand<Source>, Word*) -> Left<Source>;

/// Sixteen columns of a right matrix that lie along the depth, `stride` apart.
template <typename Source>
CT_INLINE void pack_columns(const Source* from, int64_t stride, int64_t lines, int64_t width, Word* to) {
    for (int64_t line = 0; line < lines; line += lanes) {
        const int64_t count = lines - line < lanes ? lines - line : lanes;
        Vector block[lanes];
        for (int64_t i = 0; i < lanes; i++) {
            const Source* column = from + i * stride + pair * line;
            const __m512i lower = _mm512_castsi256_si512(sixteen(column, lanes));
            const __m256i upper = count > lanes / pair ? sixteen(column + lanes, lanes) : _mm256_setzero_si256();
            block[i] = reinterpret_cast<Vector>(_mm512_inserti64x4(lower, upper, 1));
        }
        transpose(block);
        for (int64_t i = 0; i < count; i++) CT_STORE(reinterpret_cast<float*>(to + (line + i) * width), block[i]);
    }
}

template <typename Source>
void pack_panel(Operand<Source> matrix, int64_t first, int64_t lines, int64_t width, Word* to) {
    if (matrix.column != 1) {
        for (int64_t column = 0; column < width; column += lanes)
            pack_columns(matrix.data + (first + column) * matrix.column, matrix.column, lines, width, to + column);
        return;
    }
    for (int64_t line = 0; line < lines; line++) {
        const Source* even = matrix.data + pair * line * matrix.row + first;
        interleave(even, pair * line + 1 < matrix.depth ? even + matrix.row : nullptr, width, to + line * width);
    }
}

}  // namespace ct
