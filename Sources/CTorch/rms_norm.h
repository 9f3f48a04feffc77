#pragma once
#include "internal.h"

namespace ct {

/// x over the root mean square of its last dimension, times weight: one pass forward and one backward.
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon);

/// Whether that holds for these; libtorch's own composition serves the others.
bool prefers_own_rms_norm(const at::Tensor& x, const at::Tensor& weight);

}  // namespace ct
