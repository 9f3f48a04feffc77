#pragma once
// Our own fp32 products of matrices: IEEE arithmetic, and whatever follows a product done while its result is in registers.
//
// A BLAS picks its kernels by the processor's maker (libtorch's MKL reaches a third of an AMD core's rate), and hands results
// back before a bias or an activation can be put on them.
#include "internal.h"

namespace ct {

/// Whether products of x and weight are to be ours: that is switched on, operands are fp32 on a CPU with AVX-512, in whole
/// vectors, and large enough to pay.
bool prefers_own_products(const at::Tensor& x, const at::Tensor& weight);

// Matrices are two-dimensional and may be transposed views; every sum runs in the order of its terms, for any number of threads.

/// left [M, K] · right [K, N] + bias [N] + residual [M, N], the last two where they are defined.
at::Tensor product(const at::Tensor& left, const at::Tensor& right, const std::optional<at::Tensor>& bias = {},
                   const std::optional<at::Tensor>& residual = {});

/// out [M, N] += left · right.
void add_product(at::Tensor& out, const at::Tensor& left, const at::Tensor& right);

enum class Activation { gelu, tanh_gelu };

/// The activation of left · right + bias, and, where `slopes` is not null, its derivative there.
at::Tensor activated_product(const at::Tensor& left, const at::Tensor& right, const std::optional<at::Tensor>& bias,
                             Activation activation, at::Tensor* slopes);

/// (left · right) ∘ factors [M, N].
at::Tensor scaled_product(const at::Tensor& left, const at::Tensor& right, const at::Tensor& factors);

}  // namespace ct
