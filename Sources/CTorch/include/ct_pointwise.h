#pragma once
// Elementwise arithmetic, comparison and activation, with broadcasting.
#include "ct_status.h"

#define CT_UNARY(name) CT_API ct_status ct_##name(ct_tensor x, ct_tensor* out)
#define CT_BINARY(name) CT_API ct_status ct_##name(ct_tensor a, ct_tensor b, ct_tensor* out)
#define CT_SCALAR(name) CT_API ct_status ct_##name##_scalar(ct_tensor x, double value, ct_tensor* out)

CT_UNARY(neg); CT_UNARY(exp); CT_UNARY(log); CT_UNARY(sqrt); CT_UNARY(rsqrt); CT_UNARY(tanh); CT_UNARY(sigmoid);
CT_UNARY(sin); CT_UNARY(cos); CT_UNARY(abs); CT_UNARY(square); CT_UNARY(silu); CT_UNARY(relu); CT_UNARY(softplus);
CT_UNARY(logical_not); CT_UNARY(isfinite); CT_UNARY(reciprocal); CT_UNARY(floor); CT_UNARY(round);

CT_BINARY(add); CT_BINARY(sub); CT_BINARY(mul); CT_BINARY(div); CT_BINARY(maximum); CT_BINARY(minimum); CT_BINARY(pow);
CT_BINARY(eq); CT_BINARY(ne); CT_BINARY(lt); CT_BINARY(le); CT_BINARY(logical_and); CT_BINARY(logical_or);

CT_SCALAR(add); CT_SCALAR(mul); CT_SCALAR(pow); CT_SCALAR(eq); CT_SCALAR(ne); CT_SCALAR(lt); CT_SCALAR(gt);
CT_SCALAR(clamp_min); CT_SCALAR(clamp_max);

/// silu(gate) ∘ up for two tensors of one shape.
CT_API ct_status ct_silu_product(ct_tensor gate, ct_tensor up, ct_tensor* out);
CT_API ct_status ct_gelu(ct_tensor x, bool tanhApproximation, ct_tensor* out);
CT_API ct_status ct_where(ct_tensor condition, ct_tensor a, ct_tensor b, ct_tensor* out);
CT_API ct_status ct_masked_fill(ct_tensor x, ct_tensor mask, double value, ct_tensor* out);
