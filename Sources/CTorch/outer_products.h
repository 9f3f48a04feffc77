#pragma once
#include "internal.h"

namespace ct {

/// Whether ``outer_products`` takes these operands [B, p, T] and [B, T, q]: fp32 on the CPU without a graph, of which the first
/// is a transposed one and T is short, as in the derivatives by a weight of many sequences.
bool prefers_outer_products(const at::Tensor& a, const at::Tensor& b);

/// The product of each pair of matrices, [B, p, q]: T outer products, whose sums stay in registers.
at::Tensor outer_products(const at::Tensor& a, const at::Tensor& b);

}  // namespace ct
