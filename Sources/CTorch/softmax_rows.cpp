// Softmaxes over a vocabulary, in as few passes over the logits as there can be: they are what a small model with a large
// vocabulary has most of.
#include "softmax_rows.h"

#include <cmath>

#include "attention_rows.h"
#include "rows.h"

namespace ct {
namespace {

/// Each of the lanes keeps its own maximum and sum, which are joined at the end: one pass over the row.
CT_VECTORIZED void logarithms_of(int64_t count, int64_t width, const float* x, float* out) {
    constexpr int64_t stretch = 8 * lanes;
    for (int64_t row = 0; row < count; row++, x += width) {
        // Not a number as soon as any score is none or infinite, which the exponential would not hand on.
        Vector high = CT_LOAD(x), sums{}, spoilt{};
        for (int64_t first = 0; first < width; first += stretch) {
            const int64_t end = first + stretch < width ? first + stretch : width;
            Vector higher = high;
            for (int64_t j = first; j < end; j += lanes) higher = CT_LOAD(x + j) > higher ? CT_LOAD(x + j) : higher;
            Vector shrinking = high - higher;
            exponentiate(shrinking);
            sums *= shrinking;
            high = higher;
            for (int64_t j = first; j < end; j += lanes) {
                Vector part = CT_LOAD(x + j) - high;
                spoilt += part * 0;
                exponentiate(part);
                sums += part;
            }
        }
        float maximum = high[0];
        for (int i = 1; i < lanes; i++) maximum = high[i] > maximum ? high[i] : maximum;
        Vector scale = high - maximum;
        exponentiate(scale);
        out[row] = maximum + std::log(total(sums * scale)) + total(spoilt);
    }
}

CT_VECTORIZED void softmax_scaled(int64_t count, int64_t width, const float* x, const float* logarithms, const float* scales, float* out) {
    for (int64_t row = 0; row < count; row++, x += width, out += width) {
        const float scale = scales[row] + logarithms[row] * 0;
        for (int64_t j = 0; j < width; j += lanes) {
            Vector p = CT_LOAD(x + j) - logarithms[row];
            // Rounding may leave the largest score a little above the logarithm of the sum.
            p = p > Vector{} ? Vector{} : p;
            exponentiate(p);
            CT_STORE(out + j, p * scale);
        }
    }
}

}  // namespace

at::Tensor row_logarithms(const at::Tensor& x) {
    if (!is_vectorizable(x) || x.dim() != 2) return x.logsumexp(1);
    auto out = at::empty({x.size(0)}, x.options());
    parallel_for(0, x.size(0), 1, [&](int64_t begin, int64_t end) {
        logarithms_of(end - begin, x.size(1), x.const_data_ptr<float>() + begin * x.size(1), out.data_ptr<float>() + begin);
    });
    return out;
}

at::Tensor cross_entropy_gradient(const at::Tensor& x, const at::Tensor& logarithms, const at::Tensor& targets, const at::Tensor& scales) {
    at::Tensor delta;
    if (is_vectorizable(x) && x.dim() == 2) {
        const auto logs = logarithms.contiguous(), factors = scales.contiguous();
        delta = at::empty_like(x);
        parallel_for(0, x.size(0), 1, [&](int64_t begin, int64_t end) {
            softmax_scaled(end - begin, x.size(1), x.const_data_ptr<float>() + begin * x.size(1), logs.const_data_ptr<float>() + begin,
                           factors.const_data_ptr<float>() + begin, delta.data_ptr<float>() + begin * x.size(1));
        });
    } else {
        delta = (x - logarithms.unsqueeze(1)).exp_().mul_(scales.unsqueeze(1));
    }
    return delta.scatter_add_(1, targets.unsqueeze(1), -scales.unsqueeze(1));
}

}  // namespace ct
