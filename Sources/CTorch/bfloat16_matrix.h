#pragma once
// Our own products of operands in bfloat16.
#include "product_endings.h"

namespace ct {

// As in matrix_product.h, to be called only where ct_has_own_bfloat16_maps; the factors of each may be in fp32, which is rounded
// on the way, or in bfloat16.

at::Tensor bfloat16_product(const at::Tensor& left, const at::Tensor& right, const Addends& begin);
void add_bfloat16_product(at::Tensor& out, const at::Tensor& left, const at::Tensor& right);
at::Tensor activated_bfloat16_product(const at::Tensor& left, const at::Tensor& right, const Addends& begin, Activation activation,
                                      at::Tensor* slopes);
at::Tensor scaled_bfloat16_product(const at::Tensor& left, const at::Tensor& right, const at::Tensor& factors);

}  // namespace ct
