// Rotary position embeddings in one pass that keeps the layout [B, T, H, D] of the projections; composed of slices, a join and
// products they take eight.
#include "attention_rows.h"
#include "ct_nn.h"
#include "rows.h"

using namespace ct;

namespace {

struct Run {
    int64_t count, half;
    /// Numbers from one token to the next.
    int64_t stride, outStride, angleStride;
};

/// The tokens of one head. Element i turns with i + D/2.
CT_VECTORIZED void rotate(Run run, const float* x, const float* cosine, const float* sine, float* out) {
    const int64_t half = run.half, whole = half / lanes * lanes;
    for (int64_t t = 0; t < run.count; t++, x += run.stride, out += run.outStride, cosine += run.angleStride, sine += run.angleStride) {
        for (int64_t d = 0; d < whole; d += lanes) {
            const Vector low = CT_LOAD(x + d), high = CT_LOAD(x + half + d);
            CT_STORE(out + d, low * CT_LOAD(cosine + d) - high * CT_LOAD(sine + d));
            CT_STORE(out + half + d, high * CT_LOAD(cosine + half + d) + low * CT_LOAD(sine + half + d));
        }
        for (int64_t d = whole; d < half; d++) {
            out[d] = x[d] * cosine[d] - x[half + d] * sine[d];
            out[half + d] = x[half + d] * cosine[half + d] + x[d] * sine[half + d];
        }
    }
}

/// The transposed map.
CT_VECTORIZED void rotate_back(Run run, const float* x, const float* cosine, const float* sine, float* out) {
    const int64_t half = run.half, whole = half / lanes * lanes;
    for (int64_t t = 0; t < run.count; t++, x += run.stride, out += run.outStride, cosine += run.angleStride, sine += run.angleStride) {
        for (int64_t d = 0; d < whole; d += lanes) {
            const Vector low = CT_LOAD(x + d), high = CT_LOAD(x + half + d);
            CT_STORE(out + d, low * CT_LOAD(cosine + d) + high * CT_LOAD(sine + half + d));
            CT_STORE(out + half + d, high * CT_LOAD(cosine + half + d) - low * CT_LOAD(sine + d));
        }
        for (int64_t d = whole; d < half; d++) {
            out[d] = x[d] * cosine[d] + x[half + d] * sine[half + d];
            out[half + d] = x[half + d] * cosine[half + d] - x[d] * sine[d];
        }
    }
}

template <typename Kernel>
at::Tensor turned(const at::Tensor& x, const at::Tensor& cosine, const at::Tensor& sine, Kernel kernel) {
    auto out = empty_heads(x);
    const Run run{x.size(2), x.size(3) / 2, x.stride(2), out.stride(2), cosine.stride(2)};
    const int64_t angles = cosine.size(0) > 1 ? cosine.stride(0) : 0;
    parallel_for(0, x.size(0) * x.size(1), 1, [&](int64_t begin, int64_t end) {
        for (int64_t head = begin; head < end; head++) {
            const int64_t place = head / x.size(1) * angles;
            kernel(run, rows(x, head).data, cosine.const_data_ptr<float>() + place, sine.const_data_ptr<float>() + place,
                   rows(out, head).data);
        }
    });
    return out;
}

struct Turn : torch::autograd::Function<Turn> {
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& cosine,
                              const at::Tensor& sine) {
        context->save_for_backward({cosine, sine});
        return turned(with_whole_rows(x), cosine, sine, [](auto... arguments) { rotate(arguments...); });
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
        TORCH_CHECK_NOT_IMPLEMENTED(!c10::GradMode::is_enabled(), "this rotation has no second derivative");
        auto saved = context->get_saved_variables();
        auto back = turned(with_whole_rows(gradients[0]), saved[0], saved[1], [](auto... arguments) { rotate_back(arguments...); });
        return {back, at::Tensor(), at::Tensor()};
    }
};

/// Angles [B or 1, 1, T, D] for x [B, H, T, D], all fp32 on the CPU; angles without gaps and without a gradient.
bool is_own(const at::Tensor& x, const at::Tensor& cosine, const at::Tensor& sine) {
    auto fits = [&](const at::Tensor& angles) {
        return is_plain(angles) && angles.is_contiguous() && !angles.requires_grad() && angles.size(1) == 1 &&
               (angles.size(0) == 1 || angles.size(0) == x.size(0)) && angles.size(2) == x.size(2) && angles.size(3) == x.size(3);
    };
    return is_plain(x) && x.numel() > 0 && x.size(3) % 2 == 0 && fits(cosine) && fits(sine) && cosine.size(0) == sine.size(0);
}

}  // namespace

ct_status ct_rotate(ct_tensor xHandle, ct_tensor cosineHandle, ct_tensor sineHandle, ct_tensor* out) {
    return returning(out, [&] {
        const auto &x = borrow(xHandle), &cosine = borrow(cosineHandle), &sine = borrow(sineHandle);
        if (is_own(x, cosine, sine)) return Turn::apply(x, cosine, sine);
        auto halves = x.chunk(2, -1);
        return x * cosine + at::cat({-halves[1], halves[0]}, -1) * sine;
    });
}
