#pragma once
// What the attention kernels share: heads as rows of numbers, and a softmax over a row of scores.
#include <cmath>

#include "internal.h"
#include "small_matmul.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <ATen/autocast_mode.h>
#pragma clang diagnostic pop

namespace ct {

inline int64_t whole_vectors(int64_t count) { return (count + lanes - 1) / lanes * lanes; }

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

    int64_t padded() const { return whole_vectors(keys); }
};

/// out [features, padded] = xᵀ · scale, zeros beyond the rows.
CT_INLINE void transpose(Rows x, const Extent& extent, float scale, float* out) {
    const int64_t width = (extent.keys + lanes - 1) / lanes * lanes;
    for (int64_t d = 0; d < extent.features; d++) {
        for (int64_t j = 0; j < extent.keys; j++) out[d * width + j] = x.data[j * x.stride + d] * scale;
        for (int64_t j = extent.keys; j < width; j++) out[d * width + j] = 0;
    }
}

/// x becomes eˣ within two units in the last place, for x ≤ 0; what is below the least normal number becomes that.
/// (Vectors go by reference: by value they would change the calling convention.)
CT_INLINE void exponentiate(Vector& x) {
    constexpr float magic = 12582912, least = -87.3F;  // magic: 1.5 · 2²³, where adding rounds to an integer
    const Vector lowest = Vector{} + least;
    x = x < lowest ? lowest : x;
    const Vector power = (x * 1.44269504088896341F + magic) - magic;
    const Vector rest = (x - power * 0.693359375F) + power * 2.12194440e-4F;
    // The minimax polynomial of Cephes' expf.
    Vector sum = rest * 1.9875691500e-4F + 1.3981999507e-3F;
    sum = sum * rest + 8.3334519073e-3F;
    sum = sum * rest + 4.1665795894e-2F;
    sum = sum * rest + 1.6666665459e-1F;
    sum = sum * rest + 5.0000001201e-1F;
    sum = sum * (rest * rest) + rest + 1;
    const IntegerVector exponent = __builtin_convertvector(power, IntegerVector) << 23;
    x = (Vector)((IntegerVector)sum + exponent);
}

CT_INLINE float horizontal_sum(const Vector& x) {
    float sum = 0;
    for (int i = 0; i < lanes; i++) sum += x[i];
    return sum;
}

/// Row maximum, then e^(score − maximum) in place; returns the logarithm of their sum, and that sum's reciprocal.
CT_INLINE float soften(float* scores, const Extent& extent, float& reciprocal) {
    const int64_t width = (extent.keys + lanes - 1) / lanes * lanes;
    for (int64_t j = extent.keys; j < width; j++) scores[j] = -1e30F;
    Vector high = CT_LOAD(scores);
    for (int64_t j = lanes; j < width; j += lanes) {
        const Vector x = CT_LOAD(scores + j);
        high = x > high ? x : high;
    }
    float maximum = high[0];
    for (int i = 1; i < lanes; i++) maximum = high[i] > maximum ? high[i] : maximum;
    Vector sums{};
    for (int64_t j = 0; j < width; j += lanes) {
        Vector x = CT_LOAD(scores + j) - maximum;
        exponentiate(x);
        CT_STORE(scores + j, x);
        sums += x;
    }
    const float sum = horizontal_sum(sums);
    reciprocal = 1 / sum;
    return maximum + std::log(sum);
}

/// As [B, H, T, D] over memory of [B, T, H, D].
inline at::Tensor empty_heads(const at::Tensor& like) {
    return at::empty({like.size(0), like.size(2), like.size(1), like.size(3)}, like.options()).transpose(1, 2);
}

inline at::Tensor with_whole_rows(const at::Tensor& x) { return x.stride(3) == 1 ? x : x.contiguous(); }

inline bool is_plain(const at::Tensor& x) { return x.is_cpu() && x.scalar_type() == at::kFloat && x.dim() == 4; }

}  // namespace ct
