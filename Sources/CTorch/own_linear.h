#pragma once
#include "matrix_product.h"

namespace ct {

/// x · weightᵀ + bias + residual by our own products; the residual is contiguous and has the result's shape.
at::Tensor own_linear(const at::Tensor& x, const at::Tensor& weight, Operands operands, const std::optional<at::Tensor>& bias,
                      const std::optional<at::Tensor>& residual);

/// The two linear maps of a transformer's perceptron.
struct PerceptronWeights {
    at::Tensor widening;  // [inner, in]
    std::optional<at::Tensor> wideningBias;
    at::Tensor narrowing;  // [out, inner]
    std::optional<at::Tensor> narrowingBias;
};

/// narrowing(activation(widening(x))) + residual by our own products.
at::Tensor own_perceptron(const at::Tensor& x, const PerceptronWeights& weights, Operands operands,
                          const std::optional<at::Tensor>& residual, Activation activation);

}  // namespace ct
