#pragma once
// Gradients.
#include "ct_status.h"

CT_API bool ct_grad_enabled(void);
CT_API void ct_set_grad_enabled(bool enabled);
CT_API bool ct_requires_grad(ct_tensor x);
CT_API ct_status ct_set_requires_grad(ct_tensor x, bool required);
CT_API ct_status ct_detach(ct_tensor x, ct_tensor* out);
/// Accumulates into the leaves' gradients. `gradient` may be null where `x` is a scalar.
CT_API ct_status ct_backward(ct_tensor x, ct_tensor gradient, bool retainGraph);
/// The accumulated gradient, or null where there is none.
CT_API ct_status ct_gradient(ct_tensor x, ct_tensor* out);
CT_API ct_status ct_set_gradient(ct_tensor x, ct_tensor gradient);
/// Vector-Jacobian products without touching the leaves; out[i] is null where inputs[i] does not take part.
CT_API ct_status ct_grad(const ct_tensor* outputs, const ct_tensor* gradients, int outputCount, const ct_tensor* inputs, int inputCount,
                         bool retainGraph, bool createGraph, ct_tensor* out);

/// A part of a network: takes over `input` and hands out what follows from it.
typedef ct_status (*ct_block)(void* context, ct_tensor input, ct_tensor* output);
typedef void (*ct_release)(void* context);
/// What `body` makes of `input`, whose inner activations the backward pass makes again by a second call. `release(context)`
/// ends it. A call that fails leaves its message as the thread's last one.
CT_API ct_status ct_recompute(ct_tensor input, void* context, ct_block body, ct_release release, ct_tensor* out);
/// One more reference to the same tensor.
CT_API ct_status ct_retain(ct_tensor x, ct_tensor* out);
