#pragma once
// What a product's sums begin with, and what becomes of them while they are still in registers.
#include "exponential.h"
#include "matrix_product.h"
#include "product_tiles.h"

namespace ct {

/// The bias and what else is added, either null.
struct Addends {
    const float *bias, *residual;
    int64_t residualRow;

    CT_INLINE void operator()(int64_t row, int64_t column, Vector& sum) const {
        sum = Vector{};
        if (bias) sum = CT_LOAD(bias + column);
        if (residual) sum += CT_LOAD(residual + row * residualRow + column);
    }
};

/// What is kept for other products is kept in the type of their operands.
CT_INLINE void load_kept(Vector& x, const float* from) { x = CT_LOAD(from); }
CT_INLINE void keep(float* to, const Vector& x) { CT_STORE(to, x); }

/// A matrix without gaps between its rows.
template <typename Kept>
struct Matrix {
    Kept* data;
    int64_t columns;

    CT_INLINE Kept* at(int64_t row, int64_t column) const { return data + row * columns + column; }
};

template <typename Kept>
struct Scaling {
    Matrix<Kept> out;
    Matrix<const Kept> factors;

    CT_INLINE void operator()(int64_t row, int64_t column, Vector& sum) const {
        Vector factor;
        load_kept(factor, factors.at(row, column));
        factor *= sum;
        keep(out.at(row, column), factor);
    }
};

/// The activations, as exact as what keeps their results; these for fp32.
///
/// x Φ(x) and its derivative Φ(x) + x φ(x). Φ by erfc(z) = e^(−z²) P(1 / (1 + 0.3275911 z)), the form of Abramowitz & Stegun
/// 7.1.26 with eight terms fitted to a relative error of 1.1e-7, so that one exponential does for both.
template <typename Kept>
CT_INLINE void gelu(Vector& x, Vector& slope) {
    const Vector size = x < Vector{} ? -x : x;
    Vector density = x * x * -0.5F;
    exponentiate(density);
    const Vector t = 1 / (size * (0.3275911F * 0.70710678118654752F) + 1);
    Vector sum = t * -0.141662806F + 0.498879426F;
    sum = sum * t - 0.409601454F;
    sum = sum * t + 0.456562947F;
    sum = sum * t + 0.0237160293F;
    sum = sum * t + 0.206397866F;
    sum = sum * t + 0.180650019F;
    sum = sum * t + 0.185058081F;
    const Vector tail = sum * t * density * 0.5F;
    const Vector share = x < Vector{} ? tail : 1 - tail;
    slope = share + x * density * 0.3989422804F;
    x *= share;
}

/// As gelu by a hyperbolic tangent (Hendrycks & Gimpel, arXiv 1606.08415); 0.5 (1 + tanh(u)) is the logistic function of 2u.
template <typename Kept>
CT_INLINE void tanh_gelu(Vector& x, Vector& slope) {
    constexpr float steepness = 1.5957691216F, cubic = 0.044715F;
    const Vector argument = x * (x * x * cubic + 1) * steepness;
    Vector small = argument < Vector{} ? argument : -argument;
    exponentiate(small);
    const Vector open = (argument < Vector{} ? small : Vector{} + 1) / (small + 1);
    slope = open * (x * (1 - open) * ((x * x * (3 * cubic) + 1) * steepness) + 1);
    x *= open;
}

template <typename Kept, Activation activation>
struct Activating {
    Matrix<Kept> out;
    /// No data where nobody asks.
    Matrix<Kept> slopes;

    CT_INLINE void operator()(int64_t row, int64_t column, Vector& sum) const {
        Vector slope;
        if constexpr (activation == Activation::gelu) gelu<Kept>(sum, slope);
        else tanh_gelu<Kept>(sum, slope);
        keep(out.at(row, column), sum);
        if (slopes.data) keep(slopes.at(row, column), slope);
    }
};

}  // namespace ct
