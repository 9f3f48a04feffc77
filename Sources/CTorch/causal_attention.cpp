// Attention in which each query sees a run of keys that ends with its own: causal, in windows, or within the examples of a
// packed row. Keys that no query of a block sees cost nothing, so that a packed row costs what its examples cost apart.
#include "causal_attention.h"

#include <algorithm>
#include <memory>

#include "attention_rows.h"
#include "parallel.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <torch/csrc/autograd/custom_function.h>
#pragma clang diagnostic pop

namespace ct {
namespace {

constexpr int64_t longest = 1024, widest = 256;
constexpr int64_t block = 24;  // queries whose scores stay in cache
constexpr float unseen = -1e30F;

/// The queries of a block and the keys that any of them sees, from a whole vector on.
struct Span {
    int64_t first, count, begin, end, columns;
};

CT_INLINE Span span(const int64_t* firsts, int64_t first, int64_t length) {
    const int64_t count = first + block <= length ? block : length - first, end = first + count;
    const int64_t begin = firsts[first] / lanes * lanes;
    return {first, count, begin, end, (end - begin + lanes - 1) / lanes * lanes};
}

/// Scores [count, columns] of a block's queries, what they do not see far below all others.
CT_INLINE void score(const Span& span, const Extent& extent, const int64_t* firsts, Rows query, const float* keys, int64_t width,
                     float* scores) {
    small_matmul(span.count, span.columns, extent.features, {query.data + span.first * query.stride, query.stride, 1},
                 keys + span.begin, width, scores, span.columns);
    for (int64_t i = 0; i < span.count; i++) {
        float* row = scores + i * span.columns;
        for (int64_t j = 0; j < firsts[span.first + i] - span.begin; j++) row[j] = unseen;
        for (int64_t j = span.first + i + 1 - span.begin; j < span.columns; j++) row[j] = unseen;
    }
}

CT_VECTORIZED void attend(Extent extent, const int64_t* firsts, Rows query, Rows key, Rows value, Rows out, float* logarithms,
                          float* scratch) {
    const int64_t width = extent.padded();
    float *keys = scratch, *scores = keys + extent.features * width;
    transpose(key, extent, extent.scale, keys);
    for (int64_t first = 0; first < extent.queries; first += block) {
        const Span here = span(firsts, first, extent.queries);
        score(here, extent, firsts, query, keys, width, scores);
        const Extent row{here.count, here.columns, extent.features, extent.scale};
        float reciprocals[block];
        soften(scores, here.count, row, logarithms + first, reciprocals);
        float* target = out.data + first * out.stride;
        small_matmul(here.count, extent.features, here.end - here.begin, {scores, here.columns, 1},
                     value.data + here.begin * value.stride, value.stride, target, out.stride);
        for (int64_t i = 0; i < here.count; i++)
            for (int64_t d = 0; d < extent.features; d += lanes)
                CT_STORE(target + i * out.stride + d, CT_LOAD(target + i * out.stride + d) * reciprocals[i]);
    }
}

struct Gradients {
    Rows out, query, key, value;
};

/// Scores become P, products dO Vᵀ become dS = P ∘ (dO Vᵀ − rowsum(dO ∘ O)).
CT_INLINE void differentiate(const Span& span, const Extent& extent, Rows out, Rows gradient, const float* logarithms,
                             float* softmax, float* delta) {
    for (int64_t i = 0; i < span.count; i++) {
        const int64_t query = span.first + i;
        Vector products{};
        for (int64_t d = 0; d < extent.features; d += lanes)
            products += CT_LOAD(out.data + query * out.stride + d) * CT_LOAD(gradient.data + query * gradient.stride + d);
        const float share = total(products);
        for (int64_t j = i * span.columns; j < (i + 1) * span.columns; j += lanes) {
            const Vector scores = CT_LOAD(softmax + j);
            Vector p = scores - logarithms[query];
            exponentiate(p);
            p = scores < Vector{} + unseen / 2 ? Vector{} : p;
            CT_STORE(softmax + j, p);
            CT_STORE(delta + j, p * (CT_LOAD(delta + j) - share) * extent.scale);
        }
    }
}

/// dV += Pᵀ dO, dQ = dS K, dK += dSᵀ Q, a block of queries at a time.
CT_VECTORIZED void attend_backward(Extent extent, const int64_t* firsts, Rows query, Rows key, Rows value, Rows out,
                                   const float* logarithms, Gradients gradient, float* scratch) {
    const int64_t width = extent.padded();
    float *keys = scratch, *values = keys + extent.features * width;
    float *softmax = values + extent.features * width, *delta = softmax + block * width;
    transpose(key, extent, extent.scale, keys);
    transpose(value, extent, 1, values);
    for (int64_t first = 0; first < extent.queries; first += block) {
        const Span here = span(firsts, first, extent.queries);
        const int64_t seen = here.end - here.begin;
        const float* received = gradient.out.data + first * gradient.out.stride;
        score(here, extent, firsts, query, keys, width, softmax);
        small_matmul(here.count, here.columns, extent.features, {received, gradient.out.stride, 1}, values + here.begin, width,
                     delta, here.columns);
        differentiate(here, extent, out, gradient.out, logarithms, softmax, delta);
        small_matmul(here.count, extent.features, seen, {delta, here.columns, 1}, key.data + here.begin * key.stride, key.stride,
                     gradient.query.data + first * gradient.query.stride, gradient.query.stride);
        small_matmul<true>(seen, extent.features, here.count, {delta, 1, here.columns}, query.data + first * query.stride,
                           query.stride, gradient.key.data + here.begin * gradient.key.stride, gradient.key.stride);
        small_matmul<true>(seen, extent.features, here.count, {softmax, 1, here.columns}, received, gradient.out.stride,
                           gradient.value.data + here.begin * gradient.value.stride, gradient.value.stride);
    }
}

/// The heads of one call; those that share keys and values go to one thread, since their gradients add up.
struct Heads {
    const at::Tensor &query, &key;
    const int64_t* firsts;
    int64_t rowStride, group;

    Heads(const at::Tensor& query, const at::Tensor& key, const at::Tensor& firsts)
        : query(query), key(key), firsts(firsts.const_data_ptr<int64_t>()), rowStride(firsts.size(0) > 1 ? firsts.size(1) : 0),
          group(query.size(1) / key.size(1)) {}

    Extent extent(double scale) const { return {query.size(2), key.size(2), query.size(3), static_cast<float>(scale)}; }

    template <typename Body>
    void each(int64_t scratchSize, Body&& body) const {
        parallel_for(0, key.size(0) * key.size(1), 1, [&](int64_t begin, int64_t end) {
            std::unique_ptr<float[]> scratch(new float[scratchSize]);
            for (int64_t shared = begin; shared < end; shared++)
                for (int64_t head = shared * group; head < (shared + 1) * group; head++)
                    body(head, shared, firsts + shared / key.size(1) * rowStride, scratch.get());
        });
    }
};

struct CausalAttention : torch::autograd::Function<CausalAttention> {
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                              const at::Tensor& firsts, double scale) {
        auto query = with_whole_rows(q), key = with_whole_rows(k), value = with_whole_rows(v);
        auto out = empty_heads(query), logarithms = at::empty({query.size(0) * query.size(1), query.size(2)}, query.options());
        const Heads heads(query, key, firsts);
        const auto extent = heads.extent(scale);
        heads.each((extent.features + block) * extent.padded(), [&](int64_t head, int64_t shared, const int64_t* first, float* scratch) {
            attend(extent, first, rows(query, head), rows(key, shared), rows(value, shared), rows(out, head),
                   logarithms.data_ptr<float>() + head * extent.queries, scratch);
        });
        context->save_for_backward({query, key, value, out, logarithms, firsts});
        context->saved_data["scale"] = scale;
        return out;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
        TORCH_CHECK_NOT_IMPLEMENTED(!c10::GradMode::is_enabled(), "causal attention has no second derivative");
        auto saved = context->get_saved_variables();
        const auto &query = saved[0], &key = saved[1], &value = saved[2], &out = saved[3], &logarithms = saved[4];
        auto gradient = with_whole_rows(gradients[0]);
        auto dQuery = empty_heads(query), dKey = empty_heads(key).zero_(), dValue = empty_heads(value).zero_();
        const Heads heads(query, key, saved[5]);
        const auto extent = heads.extent(context->saved_data["scale"].toDouble());
        heads.each(2 * (extent.features + block) * extent.padded(), [&](int64_t head, int64_t shared, const int64_t* first, float* scratch) {
            attend_backward(extent, first, rows(query, head), rows(key, shared), rows(value, shared), rows(out, head),
                            logarithms.const_data_ptr<float>() + head * extent.queries,
                            {rows(gradient, head), rows(dQuery, head), rows(dKey, shared), rows(dValue, shared)}, scratch);
        });
        return {dQuery, dKey, dValue, at::Tensor(), at::Tensor()};
    }
};

}  // namespace

bool prefers_causal_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value) {
    return is_plain(query) && is_plain(key) && is_plain(value) && !at::autocast::is_autocast_enabled(at::kCPU) &&
           key.sizes() == value.sizes() && query.size(0) == key.size(0) && query.size(2) == key.size(2) &&
           query.size(3) == key.size(3) && query.numel() > 0 && key.numel() > 0 && query.size(1) % key.size(1) == 0 &&
           query.size(2) <= longest && whole_vectors(query.size(3)) <= std::min(2 * query.size(3), widest);
}

at::Tensor causal_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, const at::Tensor& firsts,
                            double scale) {
    const int64_t length = query.size(2);
    const auto starts = firsts.defined() ? firsts.contiguous() : at::zeros({1, length}, at::kLong);
    TORCH_CHECK(starts.dim() == 2 && starts.scalar_type() == at::kLong && starts.size(1) == length &&
                    (starts.size(0) == 1 || starts.size(0) == query.size(0)),
                "first keys of shape ", starts.sizes(), " do not fit queries of shape ", query.sizes());
    const int64_t* first = starts.const_data_ptr<int64_t>();
    for (int64_t i = 0; i < starts.numel(); i++)
        TORCH_CHECK(first[i] >= 0 && first[i] <= i % length && (i % length == 0 || first[i] >= first[i - 1]),
                    "query ", i % length, " sees keys from ", first[i], " on, expected a number that rises and is at most its own");
    const int64_t features = query.size(3), missing = whole_vectors(features) - features;
    if (missing == 0) return CausalAttention::apply(query, key, value, starts, scale);
    // Zeros add nothing to a score, and what they make of the result is cut off.
    auto whole = [&](const at::Tensor& x) { return at::constant_pad_nd(x, {0, missing}); };
    return CausalAttention::apply(whole(query), whole(key), whole(value), starts, scale).narrow(3, 0, features);
}

}  // namespace ct
