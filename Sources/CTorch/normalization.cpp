// Normalisation of rows in one pass a direction. libtorch composes that by the root mean square of six on the CPU, and its layer
// normalisation goes twice over rows that are too short for what it does for long ones.
#include "normalization.h"

#include <algorithm>
#include <cmath>

#include "rows.h"

namespace ct {
namespace {

struct Shape {
    int64_t count, features;
    float epsilon;
};

/// What each row was normalised by; means are null where there are none.
struct Moments {
    float *means, *reciprocals;

    CT_INLINE Moments from(int64_t row) const { return {means ? means + row : nullptr, reciprocals + row}; }
};

/// (x − m) r w + b of `rows` rows at once, so that none waits for its sums; without `isCentred` m and b are zero.
template <bool isCentred, int rows>
CT_INLINE void normalize_rows(const Shape& shape, const float* x, const float* weight, const float* bias, float* y, Moments moments) {
    const float share = 1 / static_cast<float>(shape.features);
    Vector means[rows], squares[rows];
#pragma unroll
    for (int r = 0; r < rows; r++) means[r] = Vector{}, squares[r] = Vector{};
    if constexpr (isCentred) {
        for (int64_t d = 0; d < shape.features; d += lanes) {
#pragma unroll
            for (int r = 0; r < rows; r++) means[r] += CT_LOAD(x + r * shape.features + d);
        }
#pragma unroll
        for (int r = 0; r < rows; r++) fold(means[r], Sum{}), means[r] *= share;
    }
    for (int64_t d = 0; d < shape.features; d += lanes) {
#pragma unroll
        for (int r = 0; r < rows; r++) {
            const Vector distance = CT_LOAD(x + r * shape.features + d) - means[r];
            squares[r] += distance * distance;
        }
    }
#pragma unroll
    for (int r = 0; r < rows; r++) {
        fold(squares[r], Sum{});
        moments.reciprocals[r] = 1 / std::sqrt(squares[r][0] * share + shape.epsilon);
        squares[r] = Vector{} + moments.reciprocals[r];
        if constexpr (isCentred) moments.means[r] = means[r][0];
    }
    for (int64_t d = 0; d < shape.features; d += lanes) {
        const Vector factor = CT_LOAD(weight + d);
        Vector shift{};
        if constexpr (isCentred) shift = CT_LOAD(bias + d);
#pragma unroll
        for (int r = 0; r < rows; r++) {
            const Vector distance = CT_LOAD(x + r * shape.features + d) - means[r];
            CT_STORE(y + r * shape.features + d, distance * squares[r] * factor + shift);
        }
    }
}

template <bool isCentred>
CT_INLINE void normalize(const Shape& shape, const float* x, const float* weight, const float* bias, float* y, Moments moments) {
    constexpr int together = 4;
    const int64_t whole = shape.count / together * together;
    for (int64_t row = 0; row < whole; row += together)
        normalize_rows<isCentred, together>(shape, x + row * shape.features, weight, bias, y + row * shape.features, moments.from(row));
    for (int64_t row = whole; row < shape.count; row++)
        normalize_rows<isCentred, 1>(shape, x + row * shape.features, weight, bias, y + row * shape.features, moments.from(row));
}

CT_VECTORIZED void normalize_centred(Shape shape, const float* x, const float* weight, const float* bias, float* y, Moments moments) {
    normalize<true>(shape, x, weight, bias, y, moments);
}

CT_VECTORIZED void normalize_plain(Shape shape, const float* x, const float* weight, float* y, Moments moments) {
    normalize<false>(shape, x, weight, nullptr, y, moments);
}

struct Gradients {
    const float* received;
    float *x, *weight, *bias;
};

/// With n the normalised row and g = dy ∘ w: dx = r (g − n mean(g ∘ n)), less r mean(g) where it was centred; dw = Σ dy ∘ n and
/// db = Σ dy over the rows.
template <bool isCentred>
CT_INLINE void differentiate(const Shape& shape, const float* x, const float* weight, Moments moments, Gradients gradient) {
    const float share = 1 / static_cast<float>(shape.features);
    for (int64_t row = 0; row < shape.count; row++) {
        const int64_t first = row * shape.features;
        const float reciprocal = moments.reciprocals[row], mean = isCentred ? moments.means[row] : 0;
        Vector products{}, sums{};
        for (int64_t d = 0; d < shape.features; d += lanes) {
            const Vector g = CT_LOAD(gradient.received + first + d) * CT_LOAD(weight + d);
            products += g * (CT_LOAD(x + first + d) - mean);
            if constexpr (isCentred) sums += g;
        }
        fold(products, Sum{}), fold(sums, Sum{});
        products *= share * reciprocal * reciprocal, sums *= share;
        for (int64_t d = 0; d < shape.features; d += lanes) {
            const Vector received = CT_LOAD(gradient.received + first + d), distance = CT_LOAD(x + first + d) - mean;
            CT_STORE(gradient.x + first + d, (received * CT_LOAD(weight + d) - sums - distance * products) * reciprocal);
            CT_STORE(gradient.weight + d, CT_LOAD(gradient.weight + d) + received * distance * reciprocal);
            if constexpr (isCentred) CT_STORE(gradient.bias + d, CT_LOAD(gradient.bias + d) + received);
        }
    }
}

CT_VECTORIZED void differentiate_centred(Shape shape, const float* x, const float* weight, Moments moments, Gradients gradient) {
    differentiate<true>(shape, x, weight, moments, gradient);
}

CT_VECTORIZED void differentiate_plain(Shape shape, const float* x, const float* weight, Moments moments, Gradients gradient) {
    differentiate<false>(shape, x, weight, moments, gradient);
}

// Rows whose shares of the weight's gradient are summed together, whatever the number of threads: equal bits every time.
constexpr int64_t block = 128;

float* places(const at::Tensor& x, int64_t first) { return x.defined() ? x.data_ptr<float>() + first : nullptr; }

/// By the root mean square where there is no bias.
struct Normalization : torch::autograd::Function<Normalization> {
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                              const std::optional<at::Tensor>& bias, double epsilon) {
        const int64_t features = x.size(-1), count = x.numel() / features;
        auto y = at::empty_like(x), reciprocals = at::empty({count}, x.options());
        const auto means = bias ? at::empty_like(reciprocals) : at::Tensor();
        const Moments moments{places(means, 0), places(reciprocals, 0)};
        const float *from = x.const_data_ptr<float>(), *factors = weight.const_data_ptr<float>();
        parallel_for(0, count, block, [&](int64_t begin, int64_t end) {
            const Shape shape{end - begin, features, static_cast<float>(epsilon)};
            float* to = y.data_ptr<float>() + begin * features;
            if (bias) normalize_centred(shape, from + begin * features, factors, bias->const_data_ptr<float>(), to, moments.from(begin));
            else normalize_plain(shape, from + begin * features, factors, to, moments.from(begin));
        });
        context->save_for_backward({x, weight, means, reciprocals});
        return y;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
        TORCH_CHECK_NOT_IMPLEMENTED(!c10::GradMode::is_enabled(), "this normalisation has no second derivative");
        auto saved = context->get_saved_variables();
        const auto &x = saved[0], &weight = saved[1], &means = saved[2], &reciprocals = saved[3];
        const int64_t features = x.size(-1), count = x.numel() / features, blocks = (count + block - 1) / block;
        auto received = gradients[0].contiguous(), dx = at::empty_like(x);
        auto dWeight = at::zeros({blocks, features}, x.options()), dBias = means.defined() ? at::zeros_like(dWeight) : at::Tensor();
        const Moments moments{places(means, 0), places(reciprocals, 0)};
        parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
            for (int64_t index = begin; index < end; index++) {
                const int64_t row = index * block, first = row * features;
                const Gradients of_block{received.const_data_ptr<float>() + first, dx.data_ptr<float>() + first,
                                         places(dWeight, index * features), places(dBias, index * features)};
                (means.defined() ? differentiate_centred : differentiate_plain)(
                    {std::min(block, count - row), features, 0}, x.const_data_ptr<float>() + first, weight.const_data_ptr<float>(),
                    moments.from(row), of_block);
            }
        });
        return {dx, dWeight.sum(0), dBias.defined() ? dBias.sum(0) : at::Tensor(), at::Tensor()};
    }
};

}  // namespace

bool prefers_own_norm(const at::Tensor& x, const at::Tensor& parameter) {
    return is_vectorizable(x) && is_vectorizable(parameter) && parameter.dim() == 1 && parameter.size(0) == x.size(-1);
}

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double epsilon) {
    return Normalization::apply(x, weight, std::optional<at::Tensor>(), epsilon);
}

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double epsilon) {
    return Normalization::apply(x, weight, std::optional(bias), epsilon);
}

}  // namespace ct
