// Batched products of a transposed matrix by another with few rows, where a BLAS spends most of its time on copies.
#include "outer_products.h"

#include "parallel.h"
#include "small_matmul.h"

namespace ct {

namespace {

// Operands longer than that fill the caches, and libtorch's kernels do as well.
constexpr int64_t longest = 128;

bool is_plain(const at::Tensor& x) {
    return x.dim() == 3 && x.is_cpu() && x.scalar_type() == at::kFloat && !(c10::GradMode::is_enabled() && x.requires_grad());
}

struct Pair {
    Strided a;
    const float* b;
    int64_t bRow;
    float* out;
};

CT_VECTORIZED void multiply(int64_t rows, int64_t columns, int64_t depth, Pair pair) {
    small_matmul(rows, columns, depth, pair.a, pair.b, pair.bRow, pair.out, columns);
}

}  // namespace

bool prefers_outer_products(const at::Tensor& a, const at::Tensor& b) {
    return is_plain(a) && is_plain(b) && a.size(0) == b.size(0) && a.size(2) == b.size(1) && b.size(1) <= longest &&
           a.size(1) > 0 && b.size(2) > 0 && b.size(2) % lanes == 0 && a.stride(1) == 1 && b.stride(2) == 1;
}

at::Tensor outer_products(const at::Tensor& a, const at::Tensor& b) {
    const int64_t batch = a.size(0), rows = a.size(1), columns = b.size(2), depth = b.size(1);
    auto out = at::empty({batch, rows, columns}, b.options());
    const float *left = a.const_data_ptr<float>(), *right = b.const_data_ptr<float>();
    float* result = out.mutable_data_ptr<float>();
    const int64_t grain = std::max<int64_t>(1, (1 << 16) / (rows * columns));
    parallel_for(0, batch, grain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++)
            multiply(rows, columns, depth,
                     {{left + i * a.stride(0), 1, a.stride(2)}, right + i * b.stride(0), b.stride(1), result + i * rows * columns});
    });
    return out;
}

}  // namespace ct
