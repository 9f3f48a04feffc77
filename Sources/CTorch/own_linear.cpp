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
at::Tensor weight_gradient(const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& weight, Operands operands) {
    return weight.stride(1) == 1 ? product(gradient.t(), x, operands) : product(x.t(), gradient, operands).t();
}

/// As the weight's gradient will multiply by it, so that no more is kept than that needs; a frozen weight has none.
at::Tensor as_kept(const at::Tensor& x, const at::Tensor& weight, Operands operands) {
    return operands == Operands::bfloat16 && weight.requires_grad() ? x.to(at::kBFloat16) : x;
}

/// A weight as an operand: fp16 has more digits than bfloat16.
at::Tensor as_operand(const at::Tensor& weight) { return weight.scalar_type() == at::kHalf ? weight.to(at::kBFloat16) : weight; }

at::Tensor sum_of_rows(const at::Tensor& x) { return x.sum(0, false, at::kFloat); }

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
                              const std::optional<at::Tensor>& bias, const std::optional<at::Tensor>& residual, Operands operands) {
        const auto rows = as_kept(rows_of(x), weight, operands);
        context->save_for_backward({weight.requires_grad() ? rows : at::Tensor(), weight});
        context->saved_data["shape"] = x.sizes();
        context->saved_data["given"] = std::vector<int64_t>{bias.has_value(), residual.has_value()};
        context->saved_data["operands"] = static_cast<int64_t>(operands);
        return product(rows, weight.t(), operands, bias, rows_of(residual)).view(shape_of(x, weight));
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        refuse_second_derivative();
        const auto saved = context->get_saved_variables();
        const auto &x = saved[0], &weight = saved[1];
        const auto rows = rows_of(gradients[0]);
        const auto operands = static_cast<Operands>(context->saved_data["operands"].toInt());
        const auto given = context->saved_data["given"].toIntVector();
        Wanted wanted(context);
        at::Tensor input, matrix, bias, residual;
        if (wanted.next()) input = product(rows, weight, operands).view(context->saved_data["shape"].toIntVector());
        if (wanted.next()) matrix = weight_gradient(rows, x, weight, operands);
        if (wanted.next(given[0])) bias = sum_of_rows(rows);
        if (wanted.next(given[1])) residual = gradients[0];
        return {input, matrix, bias, residual, at::Tensor()};
    }
};

struct OwnPerceptron : torch::autograd::Function<OwnPerceptron> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& widening,
                              const std::optional<at::Tensor>& wideningBias, const at::Tensor& narrowing,
                              const std::optional<at::Tensor>& narrowingBias, const std::optional<at::Tensor>& residual,
                              Activation activation, Operands operands) {
        const auto rows = as_kept(rows_of(x), widening, operands);
        at::Tensor slopes;
        const auto inner = activated_product(rows, widening.t(), operands, wideningBias, activation, &slopes);
        context->save_for_backward({widening.requires_grad() ? rows : at::Tensor(), widening, narrowing,
                                    narrowing.requires_grad() ? inner : at::Tensor(), slopes});
        context->saved_data["shape"] = x.sizes();
        context->saved_data["given"] =
            std::vector<int64_t>{wideningBias.has_value(), narrowingBias.has_value(), residual.has_value()};
        context->saved_data["operands"] = static_cast<int64_t>(operands);
        return product(inner, narrowing.t(), operands, narrowingBias, rows_of(residual)).view(shape_of(x, narrowing));
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        refuse_second_derivative();
        const auto saved = context->get_saved_variables();
        const auto &x = saved[0], &widening = saved[1], &narrowing = saved[2], &inner = saved[3], &slopes = saved[4];
        const auto operands = static_cast<Operands>(context->saved_data["operands"].toInt());
        const auto rows = rows_of(gradients[0]), middle = scaled_product(rows, narrowing, operands, slopes);
        const auto given = context->saved_data["given"].toIntVector();
        Wanted wanted(context);
        at::Tensor input, wide, wideBias, narrow, narrowBias, residual;
        if (wanted.next()) input = product(middle, widening, operands).view(context->saved_data["shape"].toIntVector());
        if (wanted.next()) wide = weight_gradient(middle, x, widening, operands);
        if (wanted.next(given[0])) wideBias = sum_of_rows(middle);
        if (wanted.next()) narrow = weight_gradient(rows, inner, narrowing, operands);
        if (wanted.next(given[1])) narrowBias = sum_of_rows(rows);
        if (wanted.next(given[2])) residual = gradients[0];
        return {input, wide, wideBias, narrow, narrowBias, residual, at::Tensor(), at::Tensor()};
    }
};

}  // namespace

at::Tensor own_linear(const at::Tensor& x, const at::Tensor& weight, Operands operands, const std::optional<at::Tensor>& bias,
                      const std::optional<at::Tensor>& residual) {
    const auto matrix = as_operand(weight);
    if (c10::GradMode::is_enabled()) return OwnLinear::apply(x, matrix, bias, residual, operands);
    return product(rows_of(x), matrix.t(), operands, bias, rows_of(residual)).view(shape_of(x, matrix));
}

at::Tensor own_perceptron(const at::Tensor& x, const PerceptronWeights& weights, Operands operands,
                          const std::optional<at::Tensor>& residual, Activation activation) {
    const auto widening = as_operand(weights.widening), narrowing = as_operand(weights.narrowing);
    if (c10::GradMode::is_enabled())
        return OwnPerceptron::apply(x, widening, weights.wideningBias, narrowing, weights.narrowingBias, residual, activation, operands);
    const auto inner = activated_product(rows_of(x), widening.t(), operands, weights.wideningBias, activation, nullptr);
    return product(inner, narrowing.t(), operands, weights.narrowingBias, rows_of(residual)).view(shape_of(x, narrowing));
}

}  // namespace ct
