#pragma once
// Our own products of matrices: whatever follows a product is done while its result is in registers.
//
// A BLAS picks its kernels by the processor's maker (libtorch's MKL reaches a third of an AMD core's rate), and hands results
// back before a bias or an activation can be put on them.
#include "internal.h"

namespace ct {

/// fp32: IEEE arithmetic. bfloat16: operands are rounded to it where they are not in it, products are exact and sums fp32.
enum class Operands : int64_t { fp32, bfloat16 };

/// Whether a weight is frozen in 16 bits; as an operand in bfloat16 it need not be widened.
bool is_stored_narrow(const at::Tensor& weight);

/// Whether x · weightᵀ exists; our kernels and oneDNN's trust it to.
bool fits(const at::Tensor& x, const at::Tensor& weight);

/// How x · weightᵀ is computed where that is ours to do: it exists, our products are switched on, operands are fp32
/// on a CPU with AVX-512 (in bfloat16 also a frozen weight of 16 bits), in whole vectors, and large enough to pay.
std::optional<Operands> own_operands(const at::Tensor& x, const at::Tensor& weight);

/// The same for an x of so many rows of fp32.
std::optional<Operands> own_operands(int64_t rows, const at::Tensor& weight);

// Matrices are two-dimensional and may be transposed views; every sum runs in the order of its terms, for any number of threads.

/// left [M, K] · right [K, N] + bias [N] + residual [M, N], the last two where they are defined and then without gaps.
at::Tensor product(const at::Tensor& left, const at::Tensor& right, Operands operands, const std::optional<at::Tensor>& bias = {},
                   const std::optional<at::Tensor>& residual = {});

/// out [M, N] += left · right; out's rows have no gaps.
void add_product(at::Tensor& out, const at::Tensor& left, const at::Tensor& right, Operands operands);

enum class Activation { gelu, tanh_gelu };

/// The activation of left · right + bias, and, where `slopes` is not null, its derivative there; both in the operands' type.
at::Tensor activated_product(const at::Tensor& left, const at::Tensor& right, Operands operands,
                             const std::optional<at::Tensor>& bias, Activation activation, at::Tensor* slopes);

/// (left · right) ∘ factors [M, N], these and the result in the operands' type.
at::Tensor scaled_product(const at::Tensor& left, const at::Tensor& right, Operands operands, const at::Tensor& factors);

}  // namespace ct
