import CTorch

// Elementwise arithmetic and comparison; operands broadcast as in NumPy.
extension Tensor {
    public static func + (a: Tensor, b: Tensor) throws(TorchError) -> Tensor {
        try operation("add", [a, b]) { ct_add(a.handle, b.handle, $0) }
    }
    public static func - (a: Tensor, b: Tensor) throws(TorchError) -> Tensor {
        try operation("subtract", [a, b]) { ct_sub(a.handle, b.handle, $0) }
    }
    public static func * (a: Tensor, b: Tensor) throws(TorchError) -> Tensor {
        try operation("multiply", [a, b]) { ct_mul(a.handle, b.handle, $0) }
    }
    public static func / (a: Tensor, b: Tensor) throws(TorchError) -> Tensor {
        try operation("divide", [a, b]) { ct_div(a.handle, b.handle, $0) }
    }
    public static prefix func - (x: Tensor) throws(TorchError) -> Tensor {
        try operation("negate", [x]) { ct_neg(x.handle, $0) }
    }

    public static func + (x: Tensor, value: Double) throws(TorchError) -> Tensor {
        try operation("add", [x]) { ct_add_scalar(x.handle, value, $0) }
    }
    public static func - (x: Tensor, value: Double) throws(TorchError) -> Tensor { try x + (-value) }
    public static func * (x: Tensor, value: Double) throws(TorchError) -> Tensor {
        try operation("multiply", [x]) { ct_mul_scalar(x.handle, value, $0) }
    }
    public static func / (x: Tensor, value: Double) throws(TorchError) -> Tensor { try x * (1 / value) }

    public func exp() throws(TorchError) -> Tensor { try operation("exp", [self]) { ct_exp(handle, $0) } }
    public func log() throws(TorchError) -> Tensor { try operation("log", [self]) { ct_log(handle, $0) } }
    public func sqrt() throws(TorchError) -> Tensor { try operation("sqrt", [self]) { ct_sqrt(handle, $0) } }
    public func rsqrt() throws(TorchError) -> Tensor { try operation("rsqrt", [self]) { ct_rsqrt(handle, $0) } }
    public func reciprocal() throws(TorchError) -> Tensor {
        try operation("reciprocal", [self]) { ct_reciprocal(handle, $0) }
    }
    public func square() throws(TorchError) -> Tensor { try operation("square", [self]) { ct_square(handle, $0) } }
    public func abs() throws(TorchError) -> Tensor { try operation("abs", [self]) { ct_abs(handle, $0) } }
    public func sin() throws(TorchError) -> Tensor { try operation("sin", [self]) { ct_sin(handle, $0) } }
    public func cos() throws(TorchError) -> Tensor { try operation("cos", [self]) { ct_cos(handle, $0) } }
    public func floor() throws(TorchError) -> Tensor { try operation("floor", [self]) { ct_floor(handle, $0) } }
    public func round() throws(TorchError) -> Tensor { try operation("round", [self]) { ct_round(handle, $0) } }
    public func pow(_ exponent: Double) throws(TorchError) -> Tensor {
        try operation("pow", [self]) { ct_pow_scalar(handle, exponent, $0) }
    }
    public func pow(_ exponent: Tensor) throws(TorchError) -> Tensor {
        try operation("pow", [self, exponent]) { ct_pow(handle, exponent.handle, $0) }
    }
    public func clamped(min: Double) throws(TorchError) -> Tensor {
        try operation("clamped", [self]) { ct_clamp_min_scalar(handle, min, $0) }
    }
    public func clamped(max: Double) throws(TorchError) -> Tensor {
        try operation("clamped", [self]) { ct_clamp_max_scalar(handle, max, $0) }
    }
    public func maximum(_ other: Tensor) throws(TorchError) -> Tensor {
        try operation("maximum", [self, other]) { ct_maximum(handle, other.handle, $0) }
    }
    public func minimum(_ other: Tensor) throws(TorchError) -> Tensor {
        try operation("minimum", [self, other]) { ct_minimum(handle, other.handle, $0) }
    }

    public func equal(_ other: Tensor) throws(TorchError) -> Tensor {
        try operation("equal", [self, other]) { ct_eq(handle, other.handle, $0) }
    }
    public func equal(_ value: Double) throws(TorchError) -> Tensor {
        try operation("equal", [self]) { ct_eq_scalar(handle, value, $0) }
    }
    public func notEqual(_ value: Double) throws(TorchError) -> Tensor {
        try operation("notEqual", [self]) { ct_ne_scalar(handle, value, $0) }
    }
    public func less(_ other: Tensor) throws(TorchError) -> Tensor {
        try operation("less", [self, other]) { ct_lt(handle, other.handle, $0) }
    }
    public func less(_ value: Double) throws(TorchError) -> Tensor {
        try operation("less", [self]) { ct_lt_scalar(handle, value, $0) }
    }
    public func lessOrEqual(_ other: Tensor) throws(TorchError) -> Tensor {
        try operation("lessOrEqual", [self, other]) { ct_le(handle, other.handle, $0) }
    }
    public func greater(_ value: Double) throws(TorchError) -> Tensor {
        try operation("greater", [self]) { ct_gt_scalar(handle, value, $0) }
    }
    public func and(_ other: Tensor) throws(TorchError) -> Tensor {
        try operation("and", [self, other]) { ct_logical_and(handle, other.handle, $0) }
    }
    public func or(_ other: Tensor) throws(TorchError) -> Tensor {
        try operation("or", [self, other]) { ct_logical_or(handle, other.handle, $0) }
    }
    public func not() throws(TorchError) -> Tensor { try operation("not", [self]) { ct_logical_not(handle, $0) } }
    public func isFinite() throws(TorchError) -> Tensor {
        try operation("isFinite", [self]) { ct_isfinite(handle, $0) }
    }

    /// `a` where this mask is true, `b` elsewhere.
    public func choose(_ a: Tensor, else b: Tensor) throws(TorchError) -> Tensor {
        try operation("choose", [self, a, b]) { ct_where(handle, a.handle, b.handle, $0) }
    }
    public func filled(where mask: Tensor, with value: Double) throws(TorchError) -> Tensor {
        try operation("filled", [self, mask]) { ct_masked_fill(handle, mask.handle, value, $0) }
    }
}
