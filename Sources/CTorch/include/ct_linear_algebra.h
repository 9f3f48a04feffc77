#pragma once
// Decompositions and long products of matrices.
#include "ct_status.h"

/// The eigenvalues of a symmetric matrix [..., n, n] in rising order, and its eigenvectors as columns; of the matrix only the
/// lower triangle is read.
CT_API ct_status ct_eigh(ct_tensor x, ct_tensor* values, ct_tensor* vectors);

/// Whether the processor has instructions for products of bfloat16 numbers that are summed up in fp32.
CT_API bool ct_has_bfloat16_products(void);

/// sum += left · rightᵀ in place, for fp32 [R, K] and [S, K] that are rounded to bfloat16, and a contiguous fp64 sum [R, S].
/// Where right is null it is left, and what lies left of the sum's diagonal is unspecified afterwards.
CT_API ct_status ct_add_bfloat16_products(ct_tensor sum, ct_tensor left, ct_tensor right);
