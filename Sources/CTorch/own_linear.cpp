// Linear maps, and the perceptron of a transformer's block, by our own products.
//
// The perceptron's activation and its derivative are made where the first product is still in registers; the backward pass
// multiplies by that derivative where its own first product is. Nothing else reads or writes the widened states.
#include "own_linear.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <torch/csrc/autograd/custom_function.h>
#pragma clang diagnostic pop

namespace ct {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor rows_of(const at::Tensor& x) { return x.reshape({-1, x.size(-1)}); }

std::optional<at::Tensor> rows_of(const std::optional<at::Tensor>& x) {
    return x ? std::optional(rows_of(*x)) : std::nullopt;
}

std::vector<int64_t> shape_of(const at::Tensor& x, const at::Tensor& weight) {
    auto shape = x.sizes().vec();
    shape.back() = weight.size(0);
    return shape;
}

/// dYᵀ · X in the weight's own layout, or it would be copied into that.
at::Tensor weight_gradient(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& weight) {
    return weight.stride(1) == 1 ? product(gradient.t(), x) : product(x.t(), gradient).t();
}

void refuse_second_derivative() {
    TORCH_CHECK_NOT_IMPLEMENTED(!c10::GradMode::is_enabled(), "our own products have no second derivative");
}

/// Which inputs want a gradient, asked in their order; those that are absent have no number.
class Wanted {
public:
    explicit Wanted(AutogradContext* context) : context(context) {}
    bool next(bool isGiven = true) { return isGiven && context->needs_input_grad(index++); }

private:
    AutogradContext* context;
    size_t index = 0;
};

struct OwnLinear : torch::autograd::Function<OwnLinear> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                              const std::optional<at::Tensor>& bias, const std::optional<at::Tensor>& residual) {
        const auto rows = rows_of(x);
        context->save_for_backward({rows, weight});
        context->saved_data["shape"] = x.sizes();
        context->saved_data["given"] = std::vector<int64_t>{bias.has_value(), residual.has_value()};
        return product(rows, weight.t(), bias, rows_of(residual)).view(shape_of(x, weight));
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        refuse_second_derivative();
        const auto saved = context->get_saved_variables();
        const auto &x = saved[0], &weight = saved[1];
        const auto rows = rows_of(gradients[0]);
        const auto given = context->saved_data["given"].toIntVector();
        Wanted wanted(context);
        at::Tensor input, matrix, bias, residual;
        if (wanted.next()) input = product(rows, weight).view(context->saved_data["shape"].toIntVector());
        if (wanted.next()) matrix = weight_gradient(rows, x, weight);
        if (wanted.next(given[0])) bias = rows.sum(0);
        if (wanted.next(given[1])) residual = gradients[0];
        return {input, matrix, bias, residual};
    }
};

struct OwnPerceptron : torch::autograd::Function<OwnPerceptron> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& widening,
                              const std::optional<at::Tensor>& wideningBias, const at::Tensor& narrowing,
                              const std::optional<at::Tensor>& narrowingBias, const std::optional<at::Tensor>& residual,
                              bool isTanh) {
        const auto rows = rows_of(x);
        at::Tensor slopes;
        const auto inner = activated_product(rows, widening.t(), wideningBias, isTanh ? Activation::tanh_gelu : Activation::gelu, &slopes);
        context->save_for_backward({rows, widening, narrowing, inner, slopes});
        context->saved_data["shape"] = x.sizes();
        context->saved_data["given"] =
            std::vector<int64_t>{wideningBias.has_value(), narrowingBias.has_value(), residual.has_value()};
        return product(inner, narrowing.t(), narrowingBias, rows_of(residual)).view(shape_of(x, narrowing));
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        refuse_second_derivative();
        const auto saved = context->get_saved_variables();
        const auto &x = saved[0], &widening = saved[1], &narrowing = saved[2], &inner = saved[3], &slopes = saved[4];
        const auto rows = rows_of(gradients[0]), middle = scaled_product(rows, narrowing, slopes);
        const auto given = context->saved_data["given"].toIntVector();
        Wanted wanted(context);
        at::Tensor input, wide, wideBias, narrow, narrowBias, residual;
        if (wanted.next()) input = product(middle, widening).view(context->saved_data["shape"].toIntVector());
        if (wanted.next()) wide = weight_gradient(middle, x, widening);
        if (wanted.next(given[0])) wideBias = middle.sum(0);
        if (wanted.next()) narrow = weight_gradient(rows, inner, narrowing);
        if (wanted.next(given[1])) narrowBias = rows.sum(0);
        if (wanted.next(given[2])) residual = gradients[0];
        return {input, wide, wideBias, narrow, narrowBias, residual, at::Tensor()};
    }
};

}  // namespace

at::Tensor own_linear(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                      const std::optional<at::Tensor>& residual) {
    return OwnLinear::apply(x, weight, bias, residual);
}

at::Tensor own_perceptron(const at::Tensor& x, const PerceptronWeights& weights, const std::optional<at::Tensor>& residual,
                          Activation activation) {
    if (c10::GradMode::is_enabled())
        return OwnPerceptron::apply(x, weights.widening, weights.wideningBias, weights.narrowing, weights.narrowingBias, residual,
                                    activation == Activation::tanh_gelu);
    const auto inner = activated_product(rows_of(x), weights.widening.t(), weights.wideningBias, activation, nullptr);
    return product(inner, weights.narrowing.t(), weights.narrowingBias, rows_of(residual)).view(shape_of(x, weights.narrowing));
}

}  // namespace ct
