// The linear map, by our own products, or oneDNN's fp32 or bfloat16 kernels, where they are switched on.
//
// libtorch offers the fp32 ones through a process-wide precision setting that also sends the many small products of
// attention to oneDNN, where they run up to 20 times slower. So the setting is raised for linear maps alone, forward and
// backward, and attention keeps the default kernels.

#include <atomic>

#include "activations.h"
#include "ct_context.h"
#include "ct_nn.h"
#include "fast_matmul.h"
#include "own_linear.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <ATen/autocast_mode.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>
#pragma clang diagnostic pop

using namespace ct;

namespace {

std::atomic<ct_linear_kernels> kernels{CT_LINEAR_STANDARD};

int64_t rows_of(const at::Tensor& x) { return x.numel() / x.size(-1); }

// A call into oneDNN costs some 15 µs more than one into the default kernels, which the smallest maps do not earn back, and a
// row or two, such as a generated token's, take it twice their time.
bool is_worthwhile(const at::Tensor& x, const at::Tensor& weight) {
    return fits(x, weight) && weight.size(0) >= 8 && weight.size(1) >= 8 && x.numel() * weight.size(0) >= 1 << 20 &&
           rows_of(x) >= 4;
}

bool is_plain(const at::Tensor& x) { return x.is_cpu() && x.scalar_type() == at::kFloat; }

// x Wᵀ + b, or its GELU, in one pass; at::linear would first copy the bias into every row of the result. To be called under
// a FastMatmul.
at::Tensor fused_linear(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias, std::string_view activation) {
    using Operation = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, std::string_view,
                                 c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>);
    static const auto operation =
        c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_linear_pointwise", "").typed<Operation>();
    return operation.call(x, weight, bias, activation, c10::List<std::optional<at::Scalar>>(), "none");
}

// Whether a weight [out, in] lies in memory as [in, out], as GPT-2's do.
bool is_transposed(const at::Tensor& weight) { return !weight.is_contiguous() && weight.t().is_contiguous(); }

bool is_fusible(const at::Tensor& x, const at::Tensor& weight) {
    return x.is_contiguous() && (weight.is_contiguous() || is_transposed(weight));
}

struct FastLinear : torch::autograd::Function<FastLinear> {
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                              const std::optional<at::Tensor>& bias) {
        context->save_for_backward({x, weight});
        context->saved_data["bias"] = bias.has_value();
        FastMatmul guard;
        return bias && is_fusible(x, weight) ? fused_linear(x, weight, bias, "none") : at::linear(x, weight, bias);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   torch::autograd::variable_list gradients) {
        auto saved = context->get_saved_variables();
        const auto &x = saved[0], &weight = saved[1];
        auto rows = gradients[0].reshape({-1, weight.size(0)});
        FastMatmul guard;
        at::Tensor input, matrix, bias;
        if (context->needs_input_grad(0)) input = rows.matmul(weight).view_as(x);
        if (context->needs_input_grad(1)) {
            // In the weight's own layout, or it would be copied into that.
            const auto inputs = x.reshape({-1, weight.size(1)});
            matrix = is_transposed(weight) ? inputs.t().matmul(rows).t() : rows.t().matmul(inputs);
        }
        if (context->saved_data["bias"].toBool() && context->needs_input_grad(2)) bias = rows.sum(0);
        return {input, matrix, bias};
    }
};

at::Tensor to_bfloat16(const at::Tensor& x) { return x.to(at::kBFloat16); }

// In one pass, also where x lies in another order.
at::Tensor rows_in_bfloat16(const at::Tensor& x) {
    return x.to(at::kBFloat16, /*non_blocking=*/false, /*copy=*/false, at::MemoryFormat::Contiguous);
}

std::optional<at::Tensor> to_bfloat16(const std::optional<at::Tensor>& x) {
    return x ? std::optional(to_bfloat16(*x)) : std::nullopt;
}

// Only the products see bfloat16: operands are rounded to it, sums are fp32 within a product, and what comes out is fp32
// again, so that norms, attention and losses keep their precision. The input is kept for the backward pass in half its size.
// Where the result is an operand of a product again, but for an activation in between, it may stay in bfloat16.
struct BFloat16Linear : torch::autograd::Function<BFloat16Linear> {
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                              const std::optional<at::Tensor>& bias, at::ScalarType type) {
        const auto input = rows_in_bfloat16(x), matrix = to_bfloat16(weight);
        context->save_for_backward({input, matrix});
        context->saved_data["bias"] = bias.has_value();
        context->saved_data["type"] = x.scalar_type();
        return fused_linear(input, matrix, to_bfloat16(bias), "none").to(type);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   torch::autograd::variable_list gradients) {
        auto saved = context->get_saved_variables();
        const auto &x = saved[0], &weight = saved[1];
        const auto given = gradients[0].reshape({-1, weight.size(0)});
        const auto rows = to_bfloat16(given);
        at::Tensor input, matrix, bias;
        if (context->needs_input_grad(0)) input = rows.matmul(weight).to(context->saved_data["type"].toScalarType()).view_as(x);
        if (context->needs_input_grad(1)) {
            const auto inputs = x.reshape({-1, weight.size(1)});
            matrix = is_transposed(weight) ? inputs.t().matmul(rows).to(at::kFloat).t() : rows.t().matmul(inputs).to(at::kFloat);
        }
        if (context->saved_data["bias"].toBool() && context->needs_input_grad(2)) bias = given.sum(0, false, at::kFloat);
        return {input, matrix, bias, at::Tensor()};
    }
};

// A frozen weight may be stored in fewer bits than are computed with: it is widened where it is used, forward and backward,
// so that the wide one is never kept. A bias is added outside, where it may learn.
struct WidenedLinear : torch::autograd::Function<WidenedLinear> {
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& weight) {
        const auto wide = weight.to(x.scalar_type());
        const bool isFast = prefers_fast_matmul(x, wide);
        context->save_for_backward({weight});
        context->saved_data["fast"] = isFast;
        return isFast ? FastLinear::apply(x, wide, std::nullopt) : at::linear(x, wide);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   torch::autograd::variable_list gradients) {
        const auto& given = gradients[0];
        const auto wide = context->get_saved_variables()[0].to(given.scalar_type());
        std::optional<FastMatmul> guard;
        if (context->saved_data["fast"].toBool()) guard.emplace();
        return {given.matmul(wide), at::Tensor()};
    }
};

// Whether the weight is to be widened for this map.
bool is_widened(const at::Tensor& x, const at::Tensor& weight) {
    return x.scalar_type() == at::kFloat && is_stored_narrow(weight) && !at::autocast::is_autocast_enabled(x.device().type());
}

bool is_chosen(ct_linear_kernels wanted, const at::Tensor& x, const at::Tensor& weight) {
    return kernels.load(std::memory_order_relaxed) == wanted && is_plain(x) && is_plain(weight) &&
           !at::autocast::is_autocast_enabled(at::kCPU) && is_worthwhile(x, weight);
}

// Whether products of such a shape are to be in bfloat16, whatever the weight's type is.
bool suits_bfloat16(const at::Tensor& x, const at::Tensor& weight) {
    return kernels.load(std::memory_order_relaxed) == CT_LINEAR_BFLOAT16 && is_plain(x) && is_worthwhile(x, weight) &&
           rows_of(x) >= 64;
}

// What a map and its activation have left in bfloat16 for this map.
bool is_left_in_bfloat16(const at::Tensor& x, const at::Tensor& weight) {
    return kernels.load(std::memory_order_relaxed) == CT_LINEAR_BFLOAT16 && x.is_cpu() && x.scalar_type() == at::kBFloat16 &&
           is_plain(weight) && fits(x, weight);
}

}  // namespace

bool ct::prefers_bfloat16_matmul(const at::Tensor& x, const at::Tensor& weight) {
    return is_plain(weight) && suits_bfloat16(x, weight) && !at::autocast::is_autocast_enabled(at::kCPU);
}

// A map of too few rows for bfloat16 copies still gains by oneDNN's fp32 kernels.
bool ct::prefers_fast_matmul(const at::Tensor& x, const at::Tensor& weight) {
    return is_chosen(CT_LINEAR_FAST, x, weight) || (is_chosen(CT_LINEAR_BFLOAT16, x, weight) && rows_of(x) < 64);
}

void ct_set_linear_kernels(ct_linear_kernels wanted) { kernels.store(wanted, std::memory_order_relaxed); }

ct_linear_kernels ct_get_linear_kernels(void) { return kernels.load(std::memory_order_relaxed); }

namespace {

at::Tensor mapped(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias) {
    if (const auto operands = own_operands(x, weight)) return own_linear(x, weight, *operands, bias, {});
    const bool isNarrow = is_widened(x, weight);
    if (prefers_bfloat16_matmul(x, weight) || is_left_in_bfloat16(x, weight) || (isNarrow && suits_bfloat16(x, weight)))
        return BFloat16Linear::apply(x, weight, bias, at::kFloat);
    if (isNarrow) {
        const auto y = WidenedLinear::apply(x, weight);
        return bias ? y + *bias : y;
    }
    return prefers_fast_matmul(x, weight) ? FastLinear::apply(x, weight, bias) : at::linear(x, weight, bias);
}

at::Tensor mapped_gelu(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias) {
    const bool hasGradient =
        c10::GradMode::is_enabled() && (x.requires_grad() || weight.requires_grad() || (bias && bias->requires_grad()));
    if (prefers_bfloat16_matmul(x, weight)) {
        return hasGradient ? at::gelu(BFloat16Linear::apply(x, weight, bias, at::kBFloat16))
                           : fused_linear(rows_in_bfloat16(x), to_bfloat16(weight), to_bfloat16(bias), "gelu");
    }
    if (!prefers_fast_matmul(x, weight)) return at::gelu(mapped(x, weight, bias));
    // The gradient of GELU needs the linear map's own result, which the single pass does not leave behind.
    if (hasGradient || !is_fusible(x, weight)) return at::gelu(FastLinear::apply(x, weight, bias));
    FastMatmul guard;
    return fused_linear(x, weight, bias, "gelu");
}

// Whether our own kernels can add this up in a product.
bool is_addend(const at::Tensor& residual, const at::Tensor& x, const at::Tensor& weight) {
    auto shape = x.sizes().vec();
    shape.back() = weight.size(0);
    return residual.is_cpu() && residual.scalar_type() == at::kFloat && residual.is_contiguous() && residual.sizes() == shape;
}

// A bias as every kernel reads it, one number a feature without gaps; as libtorch has it, a single number stands for all.
std::optional<at::Tensor> bias_of(ct_tensor biasHandle, const at::Tensor& weight) {
    auto bias = maybe(biasHandle);
    if (!bias || weight.dim() != 2 || (bias->sizes() == weight.sizes().slice(0, 1) && bias->is_contiguous())) return bias;
    return bias->expand({weight.size(0)}).contiguous();
}

}  // namespace

ct_status ct_linear(ct_tensor xHandle, ct_tensor weightHandle, ct_tensor biasHandle, ct_tensor residualHandle, ct_tensor* out) {
    return returning(out, [&] {
        const auto &x = borrow(xHandle), &weight = borrow(weightHandle);
        const auto bias = bias_of(biasHandle, weight), residual = maybe(residualHandle);
        if (!residual) return mapped(x, weight, bias);
        const auto operands = own_operands(x, weight);
        if (operands && is_addend(*residual, x, weight)) return own_linear(x, weight, *operands, bias, residual);
        return *residual + mapped(x, weight, bias);
    });
}

ct_status ct_perceptron(ct_tensor xHandle, const ct_tensor* weights, bool isTanh, ct_tensor residualHandle, ct_tensor* out) {
    return returning(out, [&] {
        const auto &x = borrow(xHandle), &widening = borrow(weights[0]), &narrowing = borrow(weights[2]);
        const auto wideningBias = bias_of(weights[1], widening), narrowingBias = bias_of(weights[3], narrowing);
        const auto residual = maybe(residualHandle);
        const auto operands = own_operands(x, widening);
        if (operands && fits(widening.t(), narrowing) && own_operands(rows_of(x), narrowing) == operands &&
            (!residual || is_addend(*residual, x, narrowing))) {
            return own_perceptron(x, {widening, wideningBias, narrowing, narrowingBias}, *operands, residual,
                                  isTanh ? Activation::tanh_gelu : Activation::gelu);
        }
        const auto inner = isTanh ? tanh_gelu(mapped(x, widening, wideningBias)) : mapped_gelu(x, widening, wideningBias);
        const auto y = mapped(inner, narrowing, narrowingBias);
        return residual ? *residual + y : y;
    });
}
