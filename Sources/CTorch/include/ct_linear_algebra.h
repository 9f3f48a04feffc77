#pragma once
// Decompositions of matrices.
#include "ct_status.h"

/// The eigenvalues of a symmetric matrix [..., n, n] in rising order, and its eigenvectors as columns; of the matrix only the
/// lower triangle is read.
CT_API ct_status ct_eigh(ct_tensor x, ct_tensor* values, ct_tensor* vectors);
