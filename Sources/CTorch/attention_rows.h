#pragma once
// What the attention kernels share: heads as rows of numbers, and a softmax over a row of scores.
#include <cmath>

#include "exponential.h"
#include "internal.h"
#include "small_matmul.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <ATen/autocast_mode.h>
#pragma clang diagnostic pop

namespace ct {

CT_INLINE int64_t whole_vectors(int64_t count) { return (count + lanes - 1) / lanes * lanes; }

/// One head of a tensor [B, H, T, D]: rows of D numbers.
struct Rows {
    float* data;
    int64_t stride;
};

inline Rows rows(const at::Tensor& x, int64_t head) {
    const int64_t batch = head / x.size(1), within = head % x.size(1);
    return {const_cast<float*>(x.const_data_ptr<float>()) + batch * x.stride(0) + within * x.stride(1), x.stride(2)};
}

struct Extent {
    int64_t queries, keys, features;
    float scale;

    CT_INLINE int64_t padded() const { return whole_vectors(keys); }
};

/// out [features, padded] = xᵀ · scale, zeros beyond the rows; features are whole vectors.
CT_INLINE void transpose(Rows x, const Extent& extent, float scale, float* out) {
    const int64_t width = extent.padded();
    for (int64_t first = 0; first < width; first += lanes) {
        const int64_t count = extent.keys - first < lanes ? extent.keys - first : lanes;
        for (int64_t d = 0; d < extent.features; d += lanes) {
            Vector block[lanes];
            for (int64_t j = 0; j < lanes; j++)
                block[j] = j < count ? CT_LOAD(x.data + (first + j) * x.stride + d) * scale : Vector{};
            transpose(block);
            for (int64_t j = 0; j < lanes; j++) CT_STORE(out + (d + j) * width + first, block[j]);
        }
    }
}

/// e^(score − the row's maximum) in place, in so many rows at once that none waits for its sums. The maxima go to `maxima`, the
/// sums to `sums`.
template <int rows>
CT_INLINE void soften(float* scores, int64_t width, float* maxima, float* sums) {
    Vector highest[rows], totals[rows];
#pragma unroll
    for (int r = 0; r < rows; r++) highest[r] = CT_LOAD(scores + r * width);
    for (int64_t j = lanes; j < width; j += lanes) {
#pragma unroll
        for (int r = 0; r < rows; r++) {
            const Vector x = CT_LOAD(scores + r * width + j);
            highest[r] = x > highest[r] ? x : highest[r];
        }
    }
#pragma unroll
    for (int r = 0; r < rows; r++) fold(highest[r], Maximum{}), totals[r] = Vector{};
    for (int64_t j = 0; j < width; j += lanes) {
#pragma unroll
        for (int r = 0; r < rows; r++) {
            Vector x = CT_LOAD(scores + r * width + j) - highest[r];
            exponentiate(x);
            CT_STORE(scores + r * width + j, x);
            totals[r] += x;
        }
    }
#pragma unroll
    for (int r = 0; r < rows; r++) fold(totals[r], Sum{}), maxima[r] = highest[r][0], sums[r] = totals[r][0];
}

/// The exponentials of `count` rows of scores, `extent.keys` in each, and the logarithms and reciprocals of their sums.
CT_INLINE void soften(float* scores, int64_t count, const Extent& extent, float* logarithms, float* reciprocals) {
    constexpr int together = 4;
    const int64_t width = extent.padded();
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = extent.keys; j < width; j++) scores[i * width + j] = -1e30F;
    int64_t i = 0;
    for (; i + together <= count; i += together) soften<together>(scores + i * width, width, logarithms + i, reciprocals + i);
    for (; i < count; i++) soften<1>(scores + i * width, width, logarithms + i, reciprocals + i);
    for (i = 0; i < count; i++) {
        logarithms[i] += std::log(reciprocals[i]);
        reciprocals[i] = 1 / reciprocals[i];
    }
}

/// As [B, H, T, D] over memory of [B, T, H, D].
inline at::Tensor empty_heads(const at::Tensor& like) {
    return at::empty({like.size(0), like.size(2), like.size(1), like.size(3)}, like.options()).transpose(1, 2);
}

inline at::Tensor with_whole_rows(const at::Tensor& x) { return x.stride(3) == 1 ? x : x.contiguous(); }

inline bool is_plain(const at::Tensor& x) { return x.is_cpu() && x.scalar_type() == at::kFloat && x.dim() == 4; }

}  // namespace ct
