// Activations in one pass a direction: silu(gate) ∘ up, the inside of SwiGLU (Shazeer, arXiv 2002.05202), and GELU's
// approximation by a hyperbolic tangent (Hendrycks & Gimpel, arXiv 1606.08415).
#include "attention_rows.h"
#include "activations.h"
#include "ct_pointwise.h"
#include "rows.h"

using namespace ct;

namespace {

/// 1 / (1 + e⁻ˣ), by the exponential of −|x|, which cannot overflow.
CT_INLINE void squash(Vector& x) {
    Vector small = x < Vector{} ? x : -x;
    exponentiate(small);
    x = (x < Vector{} ? small : Vector{} + 1) / (small + 1);
}

CT_VECTORIZED void gate(int64_t count, const float* gate, const float* up, float* out) {
    for (int64_t i = 0; i < count; i += lanes) {
        const Vector x = CT_LOAD(gate + i);
        Vector open = x;
        squash(open);
        CT_STORE(out + i, x * open * CT_LOAD(up + i));
    }
}

/// With s the logistic function of g: d silu(g) = s (1 + g (1 − s)).
CT_VECTORIZED void gate_backward(int64_t count, const float* gate, const float* up, const float* gradient, float* dGate, float* dUp) {
    for (int64_t i = 0; i < count; i += lanes) {
        const Vector x = CT_LOAD(gate + i), received = CT_LOAD(gradient + i);
        Vector open = x;
        squash(open);
        CT_STORE(dUp + i, received * x * open);
        CT_STORE(dGate + i, received * CT_LOAD(up + i) * open * (x * (1 - open) + 1));
    }
}

// 0.5 (1 + tanh(u)) is the logistic function of 2u, with u = √(2/π) (x + 0.044715 x³).
constexpr float slope = 1.5957691216F, cubic = 0.044715F;

CT_VECTORIZED void gelu(int64_t count, const float* from, float* out) {
    for (int64_t i = 0; i < count; i += lanes) {
        const Vector x = CT_LOAD(from + i);
        Vector open = x * (x * x * cubic + 1) * slope;
        squash(open);
        CT_STORE(out + i, x * open);
    }
}

/// With s the logistic function of v = 2u: d(x s) = s + x s (1 − s) v'.
CT_VECTORIZED void gelu_backward(int64_t count, const float* from, const float* gradient, float* out) {
    for (int64_t i = 0; i < count; i += lanes) {
        const Vector x = CT_LOAD(from + i);
        Vector open = x * (x * x * cubic + 1) * slope;
        squash(open);
        const Vector rise = (x * x * (3 * cubic) + 1) * slope;
        CT_STORE(out + i, CT_LOAD(gradient + i) * open * (x * (1 - open) * rise + 1));
    }
}

constexpr int64_t grain = 1 << 15;

/// Calls `body(first, count)` for stretches of whole vectors.
template <typename Body>
void each_stretch(const at::Tensor& x, Body&& body) {
    parallel_for(0, x.numel() / lanes, grain / lanes,
                 [&](int64_t begin, int64_t end) { body(begin * lanes, (end - begin) * lanes); });
}

struct SiLUProduct : torch::autograd::Function<SiLUProduct> {
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& up) {
        auto out = at::empty_like(x);
        each_stretch(x, [&](int64_t first, int64_t count) {
            gate(count, x.const_data_ptr<float>() + first, up.const_data_ptr<float>() + first, out.data_ptr<float>() + first);
        });
        context->save_for_backward({x, up});
        return out;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
        TORCH_CHECK_NOT_IMPLEMENTED(!c10::GradMode::is_enabled(), "this gated unit has no second derivative");
        auto saved = context->get_saved_variables();
        const auto &x = saved[0], &up = saved[1];
        auto gradient = gradients[0].contiguous(), dGate = at::empty_like(x), dUp = at::empty_like(up);
        each_stretch(x, [&](int64_t first, int64_t count) {
            gate_backward(count, x.const_data_ptr<float>() + first, up.const_data_ptr<float>() + first,
                          gradient.const_data_ptr<float>() + first, dGate.data_ptr<float>() + first, dUp.data_ptr<float>() + first);
        });
        return {dGate, dUp};
    }
};

struct TanhGELU : torch::autograd::Function<TanhGELU> {
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x) {
        auto out = at::empty_like(x);
        each_stretch(x, [&](int64_t first, int64_t count) {
            gelu(count, x.const_data_ptr<float>() + first, out.data_ptr<float>() + first);
        });
        context->save_for_backward({x});
        return out;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
        TORCH_CHECK_NOT_IMPLEMENTED(!c10::GradMode::is_enabled(), "this GELU has no second derivative");
        const auto x = context->get_saved_variables()[0], gradient = gradients[0].contiguous();
        auto out = at::empty_like(x);
        each_stretch(x, [&](int64_t first, int64_t count) {
            gelu_backward(count, x.const_data_ptr<float>() + first, gradient.const_data_ptr<float>() + first, out.data_ptr<float>() + first);
        });
        return {out};
    }
};

}  // namespace

at::Tensor ct::tanh_gelu(const at::Tensor& x) { return is_vectorizable(x) ? TanhGELU::apply(x) : at::gelu(x, "tanh"); }

ct_status ct_gelu(ct_tensor xHandle, bool tanhApproximation, ct_tensor* out) {
    return returning(out, [&] {
        const auto& x = borrow(xHandle);
        return tanhApproximation ? tanh_gelu(x) : at::gelu(x, "none");
    });
}

ct_status ct_silu_product(ct_tensor gateHandle, ct_tensor upHandle, ct_tensor* out) {
    return returning(out, [&] {
        const auto &gate = borrow(gateHandle), &up = borrow(upHandle);
        const bool isOwn = is_vectorizable(gate) && is_vectorizable(up) && gate.sizes() == up.sizes();
        return isOwn ? SiLUProduct::apply(gate, up) : at::silu(gate) * up;
    });
}
