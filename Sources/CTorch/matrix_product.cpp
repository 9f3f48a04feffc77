#include "matrix_product.h"

#include <algorithm>
#include <memory>

#include "attention_rows.h"
#include "ct_context.h"
#include "parallel.h"
#include "product_tiles.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <ATen/Parallel.h>
#pragma clang diagnostic pop

// Six rows by four vectors of sums need the thirty-two wide registers of AVX-512; on others the caller goes elsewhere.
#if defined(__x86_64__)
#define CT_WIDE __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma")))
#else
#define CT_WIDE
#endif

namespace ct {
namespace {

bool has_wide_registers() {
#if defined(__x86_64__)
    static const bool has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
    return has;
#else
    return false;
#endif
}

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

struct Scaling {
    Partial at;
    const float* factors;

    CT_INLINE void operator()(int64_t row, int64_t column, Vector& sum) const {
        CT_STORE(at.out + row * at.outRow + column, sum * CT_LOAD(factors + row * at.outRow + column));
    }
};

/// x Φ(x) and its derivative Φ(x) + x φ(x). Φ by erfc(z) = e^(−z²) P(1 / (1 + 0.3275911 z)), the form of Abramowitz & Stegun
/// 7.1.26 with eight terms fitted to a relative error of 1.1e-7, so that one exponential does for both.
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
CT_INLINE void tanh_gelu(Vector& x, Vector& slope) {
    constexpr float steepness = 1.5957691216F, cubic = 0.044715F;
    const Vector argument = x * (x * x * cubic + 1) * steepness;
    Vector small = argument < Vector{} ? argument : -argument;
    exponentiate(small);
    const Vector open = (argument < Vector{} ? small : Vector{} + 1) / (small + 1);
    slope = open * (x * (1 - open) * ((x * x * (3 * cubic) + 1) * steepness) + 1);
    x *= open;
}

struct Activating {
    Partial at;
    /// Null where nobody asks.
    float* slopes;
    Activation activation;

    CT_INLINE void operator()(int64_t row, int64_t column, Vector& sum) const {
        Vector slope;
        if (activation == Activation::gelu) gelu(sum, slope);
        else tanh_gelu(sum, slope);
        CT_STORE(at.out + row * at.outRow + column, sum);
        if (slopes) CT_STORE(slopes + row * at.outRow + column, slope);
    }
};

CT_WIDE void plain_rows(const Task& task, int64_t first, int64_t last, float* scratch, Addends begin) {
    product_rows(task, first, last, scratch, begin, Store{{task.out, task.outRow}});
}
CT_WIDE void added_rows(const Task& task, int64_t first, int64_t last, float* scratch) {
    const Partial out{task.out, task.outRow};
    product_rows(task, first, last, scratch, Load{out}, Store{out});
}
CT_WIDE void scaled_rows(const Task& task, int64_t first, int64_t last, float* scratch, const float* factors) {
    product_rows(task, first, last, scratch, Addends{}, Scaling{{task.out, task.outRow}, factors});
}
CT_WIDE void gelu_rows(const Task& task, int64_t first, int64_t last, float* scratch, const float* bias, float* slopes) {
    const Activating end{{task.out, task.outRow}, slopes, Activation::gelu};
    product_rows(task, first, last, scratch, Addends{bias, nullptr, 0}, end);
}
CT_WIDE void tanh_gelu_rows(const Task& task, int64_t first, int64_t last, float* scratch, const float* bias, float* slopes) {
    const Activating end{{task.out, task.outRow}, slopes, Activation::tanh_gelu};
    product_rows(task, first, last, scratch, Addends{bias, nullptr, 0}, end);
}

/// A panel of `width` columns of a matrix whose rows are adjacent in memory, `stride` from one column to the next.
CT_WIDE void pack_panel(const float* from, int64_t stride, int64_t depth, int64_t width, float* to) {
    constexpr int64_t run = 16;  // a cache line of each column at a time
    for (int64_t k = 0; k < depth; k += run) {
        const int64_t count = depth - k < run ? depth - k : run;
        for (int64_t column = 0; column < width; column++)
            for (int64_t i = 0; i < count; i++) to[(k + i) * width + column] = from[column * stride + k + i];
    }
}

/// The right matrix [K, N] of a task: where it lies if its columns are adjacent, or a packed copy, kept alive by `owner`.
void set_right(Task& task, const at::Tensor& right, at::Tensor& owner) {
    task.isPacked = right.stride(1) != 1;
    if (!task.isPacked) {
        task.right = right.const_data_ptr<float>(), task.rightRow = right.stride(0);
        return;
    }
    owner = at::empty({task.depth * task.columns}, right.options());
    float* to = owner.data_ptr<float>();
    const float* from = right.const_data_ptr<float>();
    task.right = to;
    std::vector<int64_t> starts;
    for (int64_t left = task.columns / lanes; left > 0; left -= panel_width(left)) starts.push_back(task.columns - left * lanes);
    starts.push_back(task.columns);
    parallel_for(0, static_cast<int64_t>(starts.size()) - 1, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++)
            pack_panel(from + starts[i] * right.stride(1), right.stride(1), task.depth, starts[i + 1] - starts[i],
                       to + starts[i] * task.depth);
    });
}

/// A matrix one of whose strides is 1; copied where neither is.
at::Tensor with_a_unit_stride(const at::Tensor& x) { return x.stride(0) == 1 || x.stride(1) == 1 ? x : x.contiguous(); }

/// Calls `rows(task, first, last, scratch)` for all rows, shared out among the threads.
template <typename Rows>
void run(const at::Tensor& leftGiven, const at::Tensor& rightGiven, at::Tensor& out, Rows&& rows) {
    const auto left = with_a_unit_stride(leftGiven), right = with_a_unit_stride(rightGiven);
    Task task{left.size(0), right.size(1), left.size(1), {left.const_data_ptr<float>(), left.stride(0), left.stride(1)},
              nullptr, 0, false, out.data_ptr<float>(), out.stride(0)};
    at::Tensor owner;
    set_right(task, right, owner);
    const int64_t threads = at::get_num_threads(), share = (task.rows + threads - 1) / threads;
    const int64_t piece = std::min(blockRows, (share + 5) / 6 * 6), count = (task.rows + piece - 1) / piece;
    parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
        std::unique_ptr<float[]> scratch(task.left.column == 1 ? nullptr : new float[blockRows * blockDepth]);
        rows(task, begin * piece, std::min(end * piece, task.rows), scratch.get());
    });
}

const float* data_of(const std::optional<at::Tensor>& x) { return x ? x->const_data_ptr<float>() : nullptr; }

at::Tensor empty_product(const at::Tensor& left, const at::Tensor& right) {
    return at::empty({left.size(0), right.size(1)}, left.options());
}

}  // namespace

at::Tensor product(const at::Tensor& left, const at::Tensor& right, const std::optional<at::Tensor>& bias,
                   const std::optional<at::Tensor>& residual) {
    auto out = empty_product(left, right);
    const Addends begin{data_of(bias), data_of(residual), residual ? residual->stride(0) : 0};
    run(left, right, out, [&](const Task& task, int64_t first, int64_t last, float* scratch) {
        plain_rows(task, first, last, scratch, begin);
    });
    return out;
}

void add_product(at::Tensor& out, const at::Tensor& left, const at::Tensor& right) { run(left, right, out, added_rows); }

at::Tensor activated_product(const at::Tensor& left, const at::Tensor& right, const std::optional<at::Tensor>& bias,
                             Activation activation, at::Tensor* slopes) {
    auto out = empty_product(left, right);
    if (slopes) *slopes = at::empty_like(out);
    run(left, right, out, [&](const Task& task, int64_t first, int64_t last, float* scratch) {
        const auto kernel = activation == Activation::gelu ? gelu_rows : tanh_gelu_rows;
        kernel(task, first, last, scratch, data_of(bias), slopes ? slopes->data_ptr<float>() : nullptr);
    });
    return out;
}

at::Tensor scaled_product(const at::Tensor& left, const at::Tensor& right, const at::Tensor& factors) {
    auto out = empty_product(left, right);
    run(left, right, out, [&](const Task& task, int64_t first, int64_t last, float* scratch) {
        scaled_rows(task, first, last, scratch, factors.const_data_ptr<float>());
    });
    return out;
}

bool prefers_own_products(const at::Tensor& x, const at::Tensor& weight) {
    const auto isPlain = [](const at::Tensor& y) { return y.is_cpu() && y.scalar_type() == at::kFloat; };
    return ct_get_linear_kernels() == CT_LINEAR_OWN && has_wide_registers() && isPlain(x) && isPlain(weight) &&
           !at::autocast::is_autocast_enabled(at::kCPU) && weight.size(0) % lanes == 0 && weight.size(1) % lanes == 0 &&
           x.numel() * weight.size(0) >= 1 << 16 && x.numel() / x.size(-1) >= 4;
}

}  // namespace ct
