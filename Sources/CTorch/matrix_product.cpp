#include "matrix_product.h"

#include <algorithm>
#include <memory>

#include "bfloat16_matrix.h"
#include "ct_context.h"
#include "product_runs.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <ATen/autocast_mode.h>
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

/// Blocks of the left matrix where they lie, or, where its rows are adjacent in memory, copied into [depth, rows] without gaps.
struct Left {
    Strided matrix;
    float* scratch;

    CT_INLINE Strided operator()(int64_t row, int64_t rows, int64_t k, int64_t depth) const {
        const float* from = matrix.data + row * matrix.row + k * matrix.column;
        if (matrix.column == 1) return {from, matrix.row, 1};
        for (int64_t line = 0; line < depth; line++) {
            float* to = scratch + line * rows;
            int64_t i = 0;
            for (; i + lanes <= rows; i += lanes) CT_STORE(to + i, CT_LOAD(from + line * matrix.column + i));
            for (; i < rows; i++) to[i] = from[line * matrix.column + i];
        }
        return {scratch, 1, rows};
    }
};

CT_WIDE void plain_rows(const Task<float>& task, int64_t first, int64_t last, Left left, Addends begin) {
    product_rows(task, first, last, left, begin, Store{task.partial});
}
CT_WIDE void added_rows(const Task<float>& task, int64_t first, int64_t last, Left left) {
    product_rows(task, first, last, left, Load{task.partial}, Store{task.partial});
}
CT_WIDE void scaled_rows(const Task<float>& task, int64_t first, int64_t last, Left left, Scaling<float> end) {
    product_rows(task, first, last, left, Addends{}, end);
}
template <Activation activation>
CT_WIDE void activated_rows(const Task<float>& task, int64_t first, int64_t last, Left left, Addends begin,
                            Activating<float, activation> end) {
    product_rows(task, first, last, left, begin, end);
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
void set_right(Task<float>& task, const at::Tensor& right, at::Tensor& owner) {
    task.isPacked = right.stride(1) != 1;
    const float* from = right.const_data_ptr<float>();
    task.right = from, task.rightRow = right.stride(0);
    if (!task.isPacked) return;
    owner = at::empty({task.depth * task.columns}, right.options());
    float* to = owner.data_ptr<float>();
    task.right = to;
    each_panel(task.columns, [&](int64_t first, int64_t width) {
        pack_panel(from + first * right.stride(1), right.stride(1), task.depth, width, to + first * task.depth);
    });
}

/// Calls `rows(task, first, last, left)` for all rows, shared out among the threads.
template <typename Rows>
void run(const at::Tensor& leftGiven, const at::Tensor& rightGiven, at::Tensor& out, Rows&& rows) {
    const auto left = with_a_unit_stride(leftGiven), right = with_a_unit_stride(rightGiven);
    Task<float> task{left.size(0), right.size(1), left.size(1), nullptr, 0, false, {out.data_ptr<float>(), out.stride(0)},
                     usualBlockDepth};
    at::Tensor owner;
    set_right(task, right, owner);
    const Strided matrix{left.const_data_ptr<float>(), left.stride(0), left.stride(1)};
    each_run_of_rows(task.rows, [&](int64_t first, int64_t last) {
        std::unique_ptr<float[]> scratch(matrix.column == 1 ? nullptr : new float[blockRows * task.blockDepth]);
        rows(task, first, last, Left{matrix, scratch.get()});
    });
}

Matrix<float> matrix_of(at::Tensor& x) { return {x.data_ptr<float>(), x.size(1)}; }

}  // namespace

at::Tensor product(const at::Tensor& left, const at::Tensor& right, Operands operands, const std::optional<at::Tensor>& bias,
                   const std::optional<at::Tensor>& residual) {
    const auto begin = addends(bias, residual);
    if (operands == Operands::bfloat16) return bfloat16_product(left, right, begin);
    auto out = empty_product(left, right, at::kFloat);
    run(left, right, out, [&](const auto& task, int64_t first, int64_t last, Left rows) { plain_rows(task, first, last, rows, begin); });
    return out;
}

void add_product(at::Tensor& out, const at::Tensor& left, const at::Tensor& right, Operands operands) {
    TORCH_CHECK(out.stride(1) == 1, "a sum of products has gaps in its rows");
    if (operands == Operands::bfloat16) return add_bfloat16_product(out, left, right);
    run(left, right, out, added_rows);
}

at::Tensor activated_product(const at::Tensor& left, const at::Tensor& right, Operands operands,
                             const std::optional<at::Tensor>& bias, Activation activation, at::Tensor* slopes) {
    const auto begin = addends(bias, {});
    if (operands == Operands::bfloat16) return activated_bfloat16_product(left, right, begin, activation, slopes);
    auto out = empty_product(left, right, at::kFloat);
    if (slopes) *slopes = at::empty_like(out);
    const auto derivatives = slopes ? matrix_of(*slopes) : Matrix<float>{};
    run(left, right, out, [&](const auto& task, int64_t first, int64_t last, Left rows) {
        if (activation == Activation::gelu)
            activated_rows<Activation::gelu>(task, first, last, rows, begin, {matrix_of(out), derivatives});
        else activated_rows<Activation::tanh_gelu>(task, first, last, rows, begin, {matrix_of(out), derivatives});
    });
    return out;
}

at::Tensor scaled_product(const at::Tensor& left, const at::Tensor& right, Operands operands, const at::Tensor& factors) {
    if (operands == Operands::bfloat16) return scaled_bfloat16_product(left, right, factors);
    auto out = empty_product(left, right, at::kFloat);
    const Scaling<float> end{matrix_of(out), {factors.const_data_ptr<float>(), out.size(1)}};
    run(left, right, out, [&](const auto& task, int64_t first, int64_t last, Left rows) { scaled_rows(task, first, last, rows, end); });
    return out;
}

namespace {

bool is_fp32(const at::Tensor& x) { return x.is_cpu() && x.scalar_type() == at::kFloat; }

}  // namespace

bool is_stored_narrow(const at::Tensor& weight) {
    const auto type = weight.scalar_type();
    return (type == at::kBFloat16 || type == at::kHalf) && !weight.requires_grad();
}

bool fits(const at::Tensor& x, const at::Tensor& weight) {
    return x.dim() > 0 && weight.dim() == 2 && x.size(-1) == weight.size(1);
}

std::optional<Operands> own_operands(int64_t rows, const at::Tensor& weight) {
    if (!weight.is_cpu() || at::autocast::is_autocast_enabled(at::kCPU) || weight.size(0) % lanes != 0 ||
        weight.size(1) % lanes != 0 || rows * weight.numel() < 1 << 16)
        return std::nullopt;
    const auto kernels = ct_get_linear_kernels();
    if (kernels == CT_LINEAR_OWN && has_wide_registers() && is_fp32(weight) && rows >= 4) return Operands::fp32;
    // Fewer rows do not pay for the weight's copy.
    const bool isSuited = (is_fp32(weight) || is_stored_narrow(weight)) && rows >= 64;
    if (kernels == CT_LINEAR_BFLOAT16 && ct_has_own_bfloat16_maps() && isSuited) return Operands::bfloat16;
    return std::nullopt;
}

std::optional<Operands> own_operands(const at::Tensor& x, const at::Tensor& weight) {
    if (!fits(x, weight) || x.numel() == 0 || !is_fp32(x)) return std::nullopt;
    return own_operands(x.numel() / x.size(-1), weight);
}

}  // namespace ct
