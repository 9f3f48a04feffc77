// The linear map, with oneDNN's fp32 kernels where they are switched on.
//
// libtorch offers those kernels through a process-wide precision setting that also sends the many small products of
// attention to oneDNN, where they run up to 20 times slower. So the setting is raised for linear maps alone, forward and
// backward, and attention keeps the default kernels.

#include <atomic>

#include "ct_context.h"
#include "ct_nn.h"
#include "fast_matmul.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#pragma clang diagnostic pop

using namespace ct;

namespace {

std::atomic<bool> fast{false};

// A call into oneDNN costs some 15 µs more than one into the default kernels, which the smallest maps do not earn back.
bool is_worthwhile(const at::Tensor& x, const at::Tensor& weight) {
    return weight.size(0) >= 32 && weight.size(1) >= 32 && x.numel() * weight.size(0) >= 1 << 20;
}

bool is_plain(const at::Tensor& x) { return x.is_cpu() && x.scalar_type() == at::kFloat; }

struct FastLinear : torch::autograd::Function<FastLinear> {
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                              const std::optional<at::Tensor>& bias) {
        context->save_for_backward({x, weight});
        context->saved_data["bias"] = bias.has_value();
        FastMatmul guard;
        return at::linear(x, weight, bias);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   torch::autograd::variable_list gradients) {
        auto saved = context->get_saved_variables();
        const auto &x = saved[0], &weight = saved[1];
        auto rows = gradients[0].reshape({-1, weight.size(0)});
        FastMatmul guard;
        at::Tensor input, matrix, bias;
        if (context->needs_input_grad(0)) input = rows.matmul(weight).view_as(x);
        if (context->needs_input_grad(1)) matrix = rows.t().matmul(x.reshape({-1, weight.size(1)}));
        if (context->saved_data["bias"].toBool() && context->needs_input_grad(2)) bias = rows.sum(0);
        return {input, matrix, bias};
    }
};

}  // namespace

bool ct::prefers_fast_matmul(const at::Tensor& x, const at::Tensor& weight) {
    return fast.load(std::memory_order_relaxed) && is_plain(x) && is_plain(weight) && !at::autocast::is_autocast_enabled(at::kCPU) &&
           is_worthwhile(x, weight);
}

void ct_set_fast_linear(bool enabled) { fast.store(enabled, std::memory_order_relaxed); }

ct_status ct_linear(ct_tensor x, ct_tensor weight, ct_tensor bias, ct_tensor* out) {
    return returning(out, [&] {
        return prefers_fast_matmul(borrow(x), borrow(weight)) ? FastLinear::apply(borrow(x), borrow(weight), maybe(bias))
                                                              : at::linear(borrow(x), borrow(weight), maybe(bias));
    });
}
