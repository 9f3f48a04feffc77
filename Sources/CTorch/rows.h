#pragma once
// What the kernels that go over rows of numbers share.
#include "internal.h"
#include "parallel.h"
#include "vector.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <torch/csrc/autograd/custom_function.h>
#pragma clang diagnostic pop

namespace ct {

/// fp32 on the CPU in whole vectors, without gaps.
inline bool is_vectorizable(const at::Tensor& x) {
    return x.is_cpu() && x.scalar_type() == at::kFloat && x.is_contiguous() && x.dim() > 0 && x.numel() > 0 && x.size(-1) % lanes == 0;
}

}  // namespace ct
