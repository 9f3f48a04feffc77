// Attention over short sequences, a head at a time.
//
// libtorch's kernel cuts queries and keys into blocks for a BLAS, which on the 16 to 256 tokens of an image spends more time
// between the products than in them. Here the scores of a head stay in cache, its products run in registers, and queries,
// keys, values and their gradients keep the layout [B, T, H, D] of the projections, so that nothing is transposed. As in
// FlashAttention (Dao et al., arXiv 2205.14135), only the logarithm of each softmax's sum is kept for the backward pass.
#include "short_attention.h"

#include <cmath>
#include <memory>

#include "small_matmul.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#pragma clang diagnostic pop

namespace ct {
namespace {

constexpr int64_t longest = 256, widest = 256;

int64_t whole_vectors(int64_t count) { return (count + lanes - 1) / lanes * lanes; }

/// One head of a tensor [B, H, T, D]: rows of D numbers.
struct Rows {
    float* data;
    int64_t stride;
};

Rows rows(const at::Tensor& x, int64_t head) {
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

CT_VECTORIZED void attend(Extent extent, Rows query, Rows key, Rows value, Rows out, float* logarithms, float* scratch) {
    const int64_t width = (extent.keys + lanes - 1) / lanes * lanes;
    constexpr int64_t block = 24;  // scores of a block stay in the first-level cache
    float *keys = scratch, *scores = keys + extent.features * width;
    transpose(key, extent, extent.scale, keys);
    for (int64_t first = 0; first < extent.queries; first += block) {
        const int64_t count = first + block <= extent.queries ? block : extent.queries - first;
        small_matmul(count, width, extent.features, {query.data + first * query.stride, query.stride, 1}, keys, width, scores, width);
        float reciprocals[block];
        for (int64_t i = 0; i < count; i++)
            logarithms[first + i] = soften(scores + i * width, extent, reciprocals[i]);
        float* target = out.data + first * out.stride;
        small_matmul(count, extent.features, extent.keys, {scores, width, 1}, value.data, value.stride, target, out.stride);
        for (int64_t i = 0; i < count; i++)
            for (int64_t d = 0; d < extent.features; d += lanes)
                CT_STORE(target + i * out.stride + d, CT_LOAD(target + i * out.stride + d) * reciprocals[i]);
    }
}

struct Gradients {
    Rows out, query, key, value;
};

/// With P the softmax and dO the gradient of O = P V: dV = Pᵀ dO, dS = P ∘ (dO Vᵀ − rowsum(dO ∘ O)), dQ = dS K, dK = dSᵀ Q.
CT_VECTORIZED void attend_backward(Extent extent, Rows query, Rows key, Rows value, Rows out, const float* logarithms,
                                   Gradients gradient, float* scratch) {
    const int64_t width = (extent.keys + lanes - 1) / lanes * lanes;
    float *keys = scratch, *values = keys + extent.features * width;
    float *softmax = values + extent.features * width, *delta = softmax + extent.queries * width;
    transpose(key, extent, extent.scale, keys);
    transpose(value, extent, 1, values);
    small_matmul(extent.queries, width, extent.features, {query.data, query.stride, 1}, keys, width, softmax, width);
    small_matmul(extent.queries, width, extent.features, {gradient.out.data, gradient.out.stride, 1}, values, width, delta, width);
    for (int64_t i = 0; i < extent.queries; i++) {
        Vector products{};
        for (int64_t d = 0; d < extent.features; d += lanes)
            products += CT_LOAD(out.data + i * out.stride + d) * CT_LOAD(gradient.out.data + i * gradient.out.stride + d);
        const float share = horizontal_sum(products);
        for (int64_t j = 0; j < width; j += lanes) {
            Vector p = CT_LOAD(softmax + i * width + j) - logarithms[i];
            exponentiate(p);
            CT_STORE(softmax + i * width + j, p);
            CT_STORE(delta + i * width + j, p * (CT_LOAD(delta + i * width + j) - share) * extent.scale);
        }
    }
    small_matmul(extent.queries, extent.features, extent.keys, {delta, width, 1}, key.data, key.stride, gradient.query.data,
                 gradient.query.stride);
    small_matmul(extent.keys, extent.features, extent.queries, {delta, 1, width}, query.data, query.stride, gradient.key.data,
                 gradient.key.stride);
    small_matmul(extent.keys, extent.features, extent.queries, {softmax, 1, width}, gradient.out.data, gradient.out.stride,
                 gradient.value.data, gradient.value.stride);
}

Extent extent_of(const at::Tensor& query, const at::Tensor& key, double scale) {
    return {query.size(2), key.size(2), query.size(3), static_cast<float>(scale)};
}

/// As [B, H, T, D] over memory of [B, T, H, D].
at::Tensor empty_heads(const at::Tensor& like) {
    return at::empty({like.size(0), like.size(2), like.size(1), like.size(3)}, like.options()).transpose(1, 2);
}

at::Tensor with_whole_rows(const at::Tensor& x) { return x.stride(3) == 1 ? x : x.contiguous(); }

struct ShortAttention : torch::autograd::Function<ShortAttention> {
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                              double scale) {
        auto query = with_whole_rows(q), key = with_whole_rows(k), value = with_whole_rows(v);
        auto out = empty_heads(query), logarithms = at::empty({query.size(0) * query.size(1), query.size(2)}, query.options());
        const auto extent = extent_of(query, key, scale);
        at::parallel_for(0, logarithms.size(0), 1, [&](int64_t begin, int64_t end) {
            std::unique_ptr<float[]> scratch(new float[(extent.features + 24) * extent.padded()]);
            for (int64_t head = begin; head < end; head++)
                attend(extent, rows(query, head), rows(key, head), rows(value, head), rows(out, head),
                       logarithms.data_ptr<float>() + head * extent.queries, scratch.get());
        });
        context->save_for_backward({query, key, value, out, logarithms});
        context->saved_data["scale"] = scale;
        return out;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
        TORCH_CHECK_NOT_IMPLEMENTED(!c10::GradMode::is_enabled(), "attention over short sequences has no second derivative");
        auto saved = context->get_saved_variables();
        const auto &query = saved[0], &key = saved[1], &value = saved[2], &out = saved[3], &logarithms = saved[4];
        auto gradient = with_whole_rows(gradients[0]);
        auto dQuery = empty_heads(query), dKey = empty_heads(key), dValue = empty_heads(value);
        const auto extent = extent_of(query, key, context->saved_data["scale"].toDouble());
        at::parallel_for(0, logarithms.size(0), 1, [&](int64_t begin, int64_t end) {
            std::unique_ptr<float[]> scratch(new float[2 * (extent.features + extent.queries) * extent.padded()]);
            for (int64_t head = begin; head < end; head++)
                attend_backward(extent, rows(query, head), rows(key, head), rows(value, head), rows(out, head),
                                logarithms.data_ptr<float>() + head * extent.queries,
                                {rows(gradient, head), rows(dQuery, head), rows(dKey, head), rows(dValue, head)}, scratch.get());
        });
        return {dQuery, dKey, dValue, at::Tensor()};
    }
};

bool is_plain(const at::Tensor& x) { return x.is_cpu() && x.scalar_type() == at::kFloat && x.dim() == 4; }

}  // namespace

bool prefers_short_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value) {
    return is_plain(query) && is_plain(key) && is_plain(value) && !at::autocast::is_autocast_enabled(at::kCPU) &&
           key.sizes() == value.sizes() && query.size(0) == key.size(0) && query.size(1) == key.size(1) &&
           query.size(3) == key.size(3) && query.numel() > 0 && key.numel() > 0 && query.size(2) <= longest &&
           key.size(2) <= longest && query.size(3) % lanes == 0 && query.size(3) <= widest;
}

at::Tensor short_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, double scale) {
    return ShortAttention::apply(query, key, value, scale);
}

}  // namespace ct
