#pragma once
#include "internal.h"

namespace ct {

/// x over the root mean square of its last dimension, times weight: one pass forward and one backward.
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon);

/// The same of what x is above the mean of its last dimension, plus bias.
at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double epsilon);

/// Whether they hold for this x and this weight or bias; libtorch's own serve the others.
bool prefers_own_norm(const at::Tensor& x, const at::Tensor& parameter);

}  // namespace ct
