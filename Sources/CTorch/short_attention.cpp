// Attention over short sequences, a head at a time.
//
// libtorch's kernel cuts queries and keys into blocks for a BLAS, which on the 16 to 256 tokens of an image spends more time
// between the products than in them. Here the scores of a head stay in cache, its products run in registers, and queries,
// keys, values and their gradients keep the layout [B, T, H, D] of the projections, so that nothing is transposed. As in
// FlashAttention (Dao et al., arXiv 2205.14135), only the logarithm of each softmax's sum is kept for the backward pass.
#include "short_attention.h"

#include <memory>

#include "attention_rows.h"
#include "parallel.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <torch/csrc/autograd/custom_function.h>
#pragma clang diagnostic pop

namespace ct {
namespace {

constexpr int64_t longest = 256, widest = 256;

CT_VECTORIZED void attend(Extent extent, Rows query, Rows key, Rows value, Rows out, float* logarithms, float* scratch) {
    const int64_t width = extent.padded();
    constexpr int64_t block = 24;  // scores of a block stay in the first-level cache
    float *keys = scratch, *scores = keys + extent.features * width;
    transpose(key, extent, extent.scale, keys);
    for (int64_t first = 0; first < extent.queries; first += block) {
        const int64_t count = first + block <= extent.queries ? block : extent.queries - first;
        small_matmul(count, width, extent.features, {query.data + first * query.stride, query.stride, 1}, keys, width, scores, width);
        float reciprocals[block];
        soften(scores, count, extent, logarithms + first, reciprocals);
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
    const int64_t width = extent.padded();
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
        const float share = total(products);
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

struct ShortAttention : torch::autograd::Function<ShortAttention> {
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                              double scale) {
        auto query = with_whole_rows(q), key = with_whole_rows(k), value = with_whole_rows(v);
        auto out = empty_heads(query), logarithms = at::empty({query.size(0) * query.size(1), query.size(2)}, query.options());
        const auto extent = extent_of(query, key, scale);
        parallel_for(0, logarithms.size(0), 1, [&](int64_t begin, int64_t end) {
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
        parallel_for(0, logarithms.size(0), 1, [&](int64_t begin, int64_t end) {
            std::unique_ptr<float[]> scratch(new float[2 * (extent.features + extent.queries) * extent.padded()]);
            for (int64_t head = begin; head < end; head++)
                attend_backward(extent, rows(query, head), rows(key, head), rows(value, head), rows(out, head),
                                logarithms.data_ptr<float>() + head * extent.queries,
                                {rows(gradient, head), rows(dQuery, head), rows(dKey, head), rows(dValue, head)}, scratch.get());
        });
        return {dQuery, dKey, dValue, at::Tensor()};
    }
};

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
