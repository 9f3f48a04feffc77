// Root-mean-square normalisation in one pass a direction; libtorch composes it of six on the CPU.
#include "rms_norm.h"

#include <cmath>

#include "rows.h"

namespace ct {
namespace {

struct Shape {
    int64_t count, features;
    float epsilon;
};

CT_VECTORIZED void normalize(Shape shape, const float* x, const float* weight, float* y, float* reciprocals) {
    for (int64_t row = 0; row < shape.count; row++, x += shape.features, y += shape.features) {
        Vector squares{};
        for (int64_t d = 0; d < shape.features; d += lanes) squares += CT_LOAD(x + d) * CT_LOAD(x + d);
        const float reciprocal = 1 / std::sqrt(total(squares) / static_cast<float>(shape.features) + shape.epsilon);
        reciprocals[row] = reciprocal;
        for (int64_t d = 0; d < shape.features; d += lanes) CT_STORE(y + d, CT_LOAD(x + d) * reciprocal * CT_LOAD(weight + d));
    }
}

/// With r the reciprocal root and g = dy ∘ w: dx = r (g − x r² mean(g ∘ x)), and dw = Σ dy ∘ x r over the rows.
CT_VECTORIZED void normalize_backward(Shape shape, const float* x, const float* weight, const float* reciprocals,
                                      const float* gradient, float* dx, float* dWeight) {
    for (int64_t row = 0; row < shape.count; row++, x += shape.features, gradient += shape.features, dx += shape.features) {
        const float reciprocal = reciprocals[row];
        Vector products{};
        for (int64_t d = 0; d < shape.features; d += lanes) products += CT_LOAD(gradient + d) * CT_LOAD(weight + d) * CT_LOAD(x + d);
        const float share = total(products) * reciprocal * reciprocal / static_cast<float>(shape.features);
        for (int64_t d = 0; d < shape.features; d += lanes) {
            const Vector received = CT_LOAD(gradient + d), values = CT_LOAD(x + d);
            CT_STORE(dx + d, (received * CT_LOAD(weight + d) - values * share) * reciprocal);
            CT_STORE(dWeight + d, CT_LOAD(dWeight + d) + received * values * reciprocal);
        }
    }
}

// Rows whose shares of the weight's gradient are summed together, whatever the number of threads: equal bits every time.
constexpr int64_t block = 128;

struct RMSNorm : torch::autograd::Function<RMSNorm> {
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, double epsilon) {
        const int64_t features = x.size(-1), count = x.numel() / features;
        auto y = at::empty_like(x), reciprocals = at::empty({count}, x.options());
        const float* from = x.const_data_ptr<float>();
        parallel_for(0, count, block, [&](int64_t begin, int64_t end) {
            normalize({end - begin, features, static_cast<float>(epsilon)}, from + begin * features, weight.const_data_ptr<float>(),
                      y.data_ptr<float>() + begin * features, reciprocals.data_ptr<float>() + begin);
        });
        context->save_for_backward({x, weight, reciprocals});
        return y;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
        TORCH_CHECK_NOT_IMPLEMENTED(!c10::GradMode::is_enabled(), "this normalisation has no second derivative");
        auto saved = context->get_saved_variables();
        const auto &x = saved[0], &weight = saved[1], &reciprocals = saved[2];
        const int64_t features = x.size(-1), count = x.numel() / features, blocks = (count + block - 1) / block;
        auto gradient = gradients[0].contiguous(), dx = at::empty_like(x), shares = at::zeros({blocks, features}, x.options());
        parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
            for (int64_t index = begin; index < end; index++) {
                const int64_t first = index * block, rows = std::min(block, count - first);
                normalize_backward({rows, features, 0}, x.const_data_ptr<float>() + first * features, weight.const_data_ptr<float>(),
                                   reciprocals.const_data_ptr<float>() + first, gradient.const_data_ptr<float>() + first * features,
                                   dx.data_ptr<float>() + first * features, shares.data_ptr<float>() + index * features);
            }
        });
        return {dx, shares.sum(0), at::Tensor()};
    }
};

}  // namespace

bool prefers_own_rms_norm(const at::Tensor& x, const at::Tensor& weight) {
    return is_vectorizable(x) && is_vectorizable(weight) && weight.dim() == 1 && weight.size(0) == x.size(-1);
}

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon) { return RMSNorm::apply(x, weight, epsilon); }

}  // namespace ct
