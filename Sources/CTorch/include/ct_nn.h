#pragma once
// Layers and losses. A null tensor stands for an absent bias, weight or mask.
#include "ct_status.h"

CT_API ct_status ct_matmul(ct_tensor a, ct_tensor b, ct_tensor* out);
/// x weightᵀ + bias + residual; the residual has the result's shape.
CT_API ct_status ct_linear(ct_tensor x, ct_tensor weight, ct_tensor bias, ct_tensor residual, ct_tensor* out);
/// A linear map, its GELU (exact, or by a hyperbolic tangent) and another linear map, and a residual added.
/// `weights`: weight [inner, in] and bias of the first, weight [out, inner] and bias of the second.
CT_API ct_status ct_perceptron(ct_tensor x, const ct_tensor* weights, bool isTanh, ct_tensor residual, ct_tensor* out);
CT_API ct_status ct_embedding(ct_tensor weight, ct_tensor indices, ct_tensor* out);
CT_API ct_status ct_layer_norm(ct_tensor x, ct_tensor weight, ct_tensor bias, intptr_t features, double epsilon,
                               ct_tensor* out);
CT_API ct_status ct_rms_norm(ct_tensor x, ct_tensor weight, intptr_t features, double epsilon, ct_tensor* out);
CT_API ct_status ct_group_norm(ct_tensor x, intptr_t groups, ct_tensor weight, ct_tensor bias, double epsilon,
                               ct_tensor* out);
CT_API ct_status ct_softmax(ct_tensor x, int dimension, ct_tensor* out);
CT_API ct_status ct_log_softmax(ct_tensor x, int dimension, ct_tensor* out);
CT_API ct_status ct_dropout(ct_tensor x, double probability, ct_tensor* out);
/// x [B, H, T, D] turned by angles [B or 1, 1, T, D]: element i turns with i + D/2.
CT_API ct_status ct_rotate(ct_tensor x, ct_tensor cosine, ct_tensor sine, ct_tensor* out);
/// `firsts`, int64 [1 or B, T], may be given beside a mask that says the same: query t sees the keys firsts[t]...t.
CT_API ct_status ct_attention(ct_tensor query, ct_tensor key, ct_tensor value, ct_tensor mask, ct_tensor firsts, double dropout,
                              bool causal, double scale, bool groupedQueries, ct_tensor* out);
CT_API ct_status ct_conv2d(ct_tensor x, ct_tensor weight, ct_tensor bias, intptr_t stride, intptr_t padding, intptr_t groups,
                           ct_tensor* out);
CT_API ct_status ct_conv_transpose2d(ct_tensor x, ct_tensor weight, ct_tensor bias, intptr_t stride, intptr_t padding,
                                     ct_tensor* out);
CT_API ct_status ct_interpolate_bilinear(ct_tensor x, intptr_t height, intptr_t width, bool alignCorners, ct_tensor* out);

typedef enum { CT_REDUCE_NONE = 0, CT_REDUCE_MEAN = 1, CT_REDUCE_SUM = 2 } ct_reduce;
CT_API ct_status ct_cross_entropy(ct_tensor logits, ct_tensor target, ct_reduce reduction, int64_t ignoredIndex, double labelSmoothing,
                                  ct_tensor* out);
