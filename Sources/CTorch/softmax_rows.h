#pragma once
#include "internal.h"

namespace ct {

/// The logarithms of the sums of e^x over the rows of x [N, V]: [N].
at::Tensor row_logarithms(const at::Tensor& x);

/// (e^(x − logarithm) − onehot(target)) · scale, row by row: the gradient of cross-entropies with respect to logits
/// [N, V]; the others [N].
at::Tensor cross_entropy_gradient(const at::Tensor& x, const at::Tensor& logarithms, const at::Tensor& targets, const at::Tensor& scales);

}  // namespace ct
