#include "ct_pointwise.h"

#include "internal.h"

using namespace ct;

#define UNARY(name) \
    ct_status ct_##name(ct_tensor x, ct_tensor* out) { CT_RETURN(at::name(borrow(x))); }
#define BINARY(name) \
    ct_status ct_##name(ct_tensor a, ct_tensor b, ct_tensor* out) { CT_RETURN(at::name(borrow(a), borrow(b))); }
#define SCALAR(name) \
    ct_status ct_##name##_scalar(ct_tensor x, double value, ct_tensor* out) { CT_RETURN(at::name(borrow(x), value)); }

UNARY(neg) UNARY(exp) UNARY(log) UNARY(sqrt) UNARY(rsqrt) UNARY(tanh) UNARY(sigmoid)
UNARY(sin) UNARY(cos) UNARY(abs) UNARY(square) UNARY(silu) UNARY(relu) UNARY(softplus)
UNARY(logical_not) UNARY(isfinite) UNARY(reciprocal) UNARY(floor) UNARY(round)

BINARY(add) BINARY(sub) BINARY(mul) BINARY(div) BINARY(maximum) BINARY(minimum) BINARY(pow)
BINARY(eq) BINARY(ne) BINARY(lt) BINARY(le) BINARY(logical_and) BINARY(logical_or)

SCALAR(add) SCALAR(mul) SCALAR(pow) SCALAR(eq) SCALAR(ne) SCALAR(lt) SCALAR(gt) SCALAR(clamp_min) SCALAR(clamp_max)

ct_status ct_where(ct_tensor condition, ct_tensor a, ct_tensor b, ct_tensor* out) {
    CT_RETURN(at::where(borrow(condition), borrow(a), borrow(b)));
}
ct_status ct_masked_fill(ct_tensor x, ct_tensor mask, double value, ct_tensor* out) {
    CT_RETURN(at::masked_fill(borrow(x), borrow(mask), value));
}
