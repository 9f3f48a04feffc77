#pragma once
#include "internal.h"

namespace ct {

/// GELU by a hyperbolic tangent, in one pass a direction where x is fp32 on the CPU in whole vectors.
at::Tensor tanh_gelu(const at::Tensor& x);

}  // namespace ct
