// Products of operands in bfloat16: the loops of the fp32 ones over pairs of neighbours in the depth, which the processor
// multiplies and adds up in one instruction. What a transformer's step would otherwise do in passes of its own (rounding the
// operands, adding a bias or a residual, an activation and its derivative) happens on the way in and out.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "ct_context.h"
#include "ct_linear_algebra.h"
#include "internal.h"
#include "matrix_product.h"
#include "panels.h"
#include "parallel.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <ATen/Parallel.h>
#pragma clang diagnostic pop

#if defined(__x86_64__) && defined(__linux__)

#include <immintrin.h>

// What is inlined into a function may need no more of the processor than the function does, so that the shared loops are
// compiled for this one anew.
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma"))), apply_to = function)

#include "bfloat16_operands.h"

namespace ct {
namespace {

struct Plain {
    Addends begin;
    template <typename Source>
    void operator()(const Task<Word>& task, int64_t first, int64_t last, const Left<Source>& left) const {
        product_rows(task, first, last, left, begin, Store{task.partial});
    }
};
struct Added {
    template <typename Source>
    void operator()(const Task<Word>& task, int64_t first, int64_t last, const Left<Source>& left) const {
        product_rows(task, first, last, left, Load{task.partial}, Store{task.partial});
    }
};
struct Scaled {
    Scaling<BFloat16> end;
    template <typename Source>
    void operator()(const Task<Word>& task, int64_t first, int64_t last, const Left<Source>& left) const {
        product_rows(task, first, last, left, Addends{}, end);
    }
};
template <Activation activation>
struct Activated {
    Addends begin;
    Activating<BFloat16, activation> end;
    template <typename Source>
    void operator()(const Task<Word>& task, int64_t first, int64_t last, const Left<Source>& left) const {
        product_rows(task, first, last, left, begin, end);
    }
};

}  // namespace
}  // namespace ct

#pragma clang attribute pop

#include "bfloat16_matrix.h"
#include "product_runs.h"

namespace ct {
namespace {

template <typename Source>
Operand<Source> operand(const at::Tensor& x, int64_t depth) {
    return {static_cast<const Source*>(x.const_data_ptr()), x.stride(0), x.stride(1), depth};
}

template <typename Body>
void with_operand(const at::Tensor& x, int64_t depth, Body&& body) {
    if (x.scalar_type() == at::kFloat) body(operand<float>(x, depth));
    else body(operand<BFloat16>(x, depth));
}

/// A matrix with a stride of 1, along the depth only where that is whole vectors.
at::Tensor suited(const at::Tensor& x, int depthDimension) {
    const auto y = with_a_unit_stride(x);
    const bool isAlongDepth = y.stride(depthDimension) == 1 && y.size(depthDimension) % lanes != 0;
    return isAlongDepth ? at::empty_strided(y.sizes(), depthDimension == 0 ? std::vector<int64_t>{y.size(1), 1}
                                                                           : std::vector<int64_t>{1, y.size(0)},
                                            y.options())
                              .copy_(y)
                        : y;
}

/// Calls `rows(task, first, last, left)` for all rows, shared out among the threads. The depth is cut only where there is a
/// place for sums so far.
template <typename Rows>
void run(const at::Tensor& leftGiven, const at::Tensor& rightGiven, Partial partial, const Rows& rows) {
    const auto left = suited(leftGiven, 1), right = suited(rightGiven, 0);
    const int64_t depth = left.size(1), lines = (depth + 1) / pair, columns = right.size(1);
    auto words = at::empty({lines * columns}, right.options().dtype(at::kInt));
    Word* packed = static_cast<Word*>(words.data_ptr());
    with_operand(right, depth, [&](auto matrix) {
        each_panel(columns, [&](int64_t first, int64_t width) { pack_panel(matrix, first, lines, width, packed + first * lines); });
    });
    const Task<Word> task{left.size(0), columns, lines, packed, 0, true, partial, partial.out ? usualBlockDepth : lines};
    with_operand(left, depth, [&](auto matrix) {
        each_run_of_rows(task.rows, [&](int64_t first, int64_t last) {
            const std::unique_ptr<Word[]> scratch(new Word[blockRows * std::min(task.blockDepth, lines)]);
            rows(task, first, last, Left{matrix, scratch.get()});
        });
    });
}

Partial places(at::Tensor& out) { return {out.data_ptr<float>(), out.stride(0)}; }

Matrix<BFloat16> kept(const at::Tensor& x) { return {static_cast<BFloat16*>(const_cast<void*>(x.const_data_ptr())), x.size(1)}; }

}  // namespace

at::Tensor bfloat16_product(const at::Tensor& left, const at::Tensor& right, const Addends& begin) {
    auto out = empty_product(left, right, at::kFloat);
    run(left, right, places(out), Plain{begin});
    return out;
}

void add_bfloat16_product(at::Tensor& out, const at::Tensor& left, const at::Tensor& right) {
    run(left, right, places(out), Added{});
}

at::Tensor activated_bfloat16_product(const at::Tensor& left, const at::Tensor& right, const Addends& begin, Activation activation,
                                      at::Tensor* slopes) {
    auto out = empty_product(left, right, at::kBFloat16);
    if (slopes) *slopes = at::empty_like(out);
    const auto derivatives = slopes ? kept(*slopes) : Matrix<BFloat16>{};
    if (activation == Activation::gelu) run(left, right, {}, Activated<Activation::gelu>{begin, {kept(out), derivatives}});
    else run(left, right, {}, Activated<Activation::tanh_gelu>{begin, {kept(out), derivatives}});
    return out;
}

at::Tensor scaled_bfloat16_product(const at::Tensor& left, const at::Tensor& right, const at::Tensor& factors) {
    auto out = empty_product(left, right, at::kBFloat16);
    const auto slopes = kept(factors);
    run(left, right, {}, Scaled{{kept(out), {slopes.data, slopes.columns}}});
    return out;
}

}  // namespace ct

bool ct_has_own_bfloat16_maps(void) {
    static const bool has = ct_has_bfloat16_products() && !__builtin_cpu_supports("amx-bf16");
    return has;
}

#else

#include "bfloat16_matrix.h"

namespace ct {

// Never called where there are none.
at::Tensor bfloat16_product(const at::Tensor&, const at::Tensor&, const Addends&) { return {}; }
void add_bfloat16_product(at::Tensor&, const at::Tensor&, const at::Tensor&) {}
at::Tensor activated_bfloat16_product(const at::Tensor&, const at::Tensor&, const Addends&, Activation, at::Tensor*) { return {}; }
at::Tensor scaled_bfloat16_product(const at::Tensor&, const at::Tensor&, const at::Tensor&) { return {}; }

}  // namespace ct

bool ct_has_own_bfloat16_maps(void) { return false; }

#endif
