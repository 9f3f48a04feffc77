#pragma once
// Fused updates over lists of parameters.
#include "ct_status.h"

/// One step of libtorch's fused AdamW. Parameters without a gradient are left alone. `steps` are float scalars, counted up here.
/// Where `norm`, a scalar on the parameters' device or null, is not finite nothing changes, and the host need not know.
CT_API ct_status ct_fused_adamw(const ct_tensor* parameters, const ct_tensor* firstMoments, const ct_tensor* secondMoments,
                                const ct_tensor* steps, int count, double learningRate, double beta1, double beta2,
                                double weightDecay, double epsilon, ct_tensor norm);
/// The L2 norm of all gradients together; scales them in place where it exceeds `maximum` (no clipping where that is <= 0).
CT_API ct_status ct_clip_gradient_norm(const ct_tensor* parameters, int count, double maximum, double* norm);
/// As above for at least one parameter, but the norm stays on the parameters' device, so that the host does not wait for it.
CT_API ct_status ct_clip_gradient_norm_unread(const ct_tensor* parameters, int count, double maximum, ct_tensor* norm);
CT_API ct_status ct_zero_gradients(const ct_tensor* parameters, int count);
