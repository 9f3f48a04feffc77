#include "ct_linear_algebra.h"

#include "internal.h"

using namespace ct;

ct_status ct_eigh(ct_tensor x, ct_tensor* values, ct_tensor* vectors) {
    return guarded([&] {
        auto [rising, columns] = at::linalg_eigh(borrow(x));
        *values = own(std::move(rising));
        *vectors = own(std::move(columns));
    });
}
