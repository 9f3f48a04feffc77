#pragma once
// Losses over the vocabulary of a language model, without its logits in memory.
#include "ct_status.h"

/// The cross-entropy of the logits hidden · weightᵀ, computed for `rows` rows at a time.
///
/// hidden [N, D], weight [V, D], targets int64 [N]. Differentiable in hidden and weight; the backward pass makes the logits
/// again, but for those that fit into `keptBytes`. `squares` and `hits` are null, or get the sum of squared probabilities and
/// whether the target is the likeliest, each float [N] and without a graph.
CT_API ct_status ct_linear_cross_entropy(ct_tensor hidden, ct_tensor weight, ct_tensor targets, intptr_t rows,
                                         intptr_t keptBytes, ct_tensor* losses, ct_tensor* squares, ct_tensor* hits);
/// Sums of x [N] over the places of each owner, int64 [N] in 0..<count: [count].
CT_API ct_status ct_sum_by_owner(ct_tensor x, ct_tensor owners, intptr_t count, ct_tensor* out);
