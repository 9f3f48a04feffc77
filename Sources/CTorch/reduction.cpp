#include "ct_reduction.h"

#include "internal.h"

using namespace ct;

namespace {

// libtorch reads an empty list as "all dimensions" in some reductions and as "none" in others; here it always means all.
std::vector<int64_t> dimensions(const at::Tensor& x, const intptr_t* values, int count) {
    std::vector<int64_t> result(values, values + count);
    if (result.empty())
        for (int64_t d = 0; d < x.dim(); d++) result.push_back(d);
    return result;
}

}  // namespace

#define REDUCTION(name, expression)                                                                                 \
    ct_status ct_##name(ct_tensor handle, const intptr_t* values, int count, bool keep, ct_tensor* out) {           \
        return returning(out, [&] {                                                                                 \
            const auto& x = borrow(handle);                                                                         \
            auto dims = dimensions(x, values, count);                                                               \
            return expression;                                                                                      \
        });                                                                                                         \
    }

REDUCTION(sum, at::sum(x, dims, keep))
REDUCTION(mean, at::mean(x, dims, keep))
REDUCTION(amax, at::amax(x, dims, keep))
REDUCTION(amin, at::amin(x, dims, keep))
REDUCTION(logsumexp, at::logsumexp(x, dims, keep))
REDUCTION(norm, at::norm(x, 2, dims, keep))

ct_status ct_variance(ct_tensor x, const intptr_t* values, int count, double correction, bool keep, ct_tensor* out) {
    CT_RETURN(at::var(borrow(x), dimensions(borrow(x), values, count), correction, keep));
}
ct_status ct_argmax(ct_tensor x, int dimension, ct_tensor* out) { CT_RETURN(at::argmax(borrow(x), dimension)); }
ct_status ct_cumsum(ct_tensor x, int dimension, ct_tensor* out) { CT_RETURN(at::cumsum(borrow(x), dimension)); }

ct_status ct_topk(ct_tensor x, intptr_t k, int dimension, ct_tensor* values, ct_tensor* indices) {
    return guarded([&] {
        auto [top, index] = at::topk(borrow(x), k, dimension);
        *values = own(std::move(top));
        *indices = own(std::move(index));
    });
}
ct_status ct_sort(ct_tensor x, int dimension, bool descending, ct_tensor* values, ct_tensor* indices) {
    return guarded([&] {
        auto [sorted, index] = at::sort(borrow(x), /*stable=*/true, dimension, descending);
        *values = own(std::move(sorted));
        *indices = own(std::move(index));
    });
}
