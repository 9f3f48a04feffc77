#pragma once
// How the products of whole tensors are shared out among threads.
#include <algorithm>

#include "parallel.h"
#include "product_endings.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <ATen/Parallel.h>
#pragma clang diagnostic pop

namespace ct {

inline Addends addends(const std::optional<at::Tensor>& bias, const std::optional<at::Tensor>& residual) {
    return {bias ? bias->const_data_ptr<float>() : nullptr, residual ? residual->const_data_ptr<float>() : nullptr,
            residual ? residual->stride(0) : 0};
}

inline at::Tensor empty_product(const at::Tensor& left, const at::Tensor& right, at::ScalarType type) {
    return at::empty({left.size(0), right.size(1)}, left.options().dtype(type));
}

/// A matrix one of whose strides is 1; copied where neither is.
inline at::Tensor with_a_unit_stride(const at::Tensor& x) {
    return x.stride(0) == 1 || x.stride(1) == 1 ? x : x.contiguous();
}

/// Calls `body(first, width)` for each panel of columns.
template <typename Body>
void each_panel(int64_t columns, Body&& body) {
    std::vector<int64_t> starts;
    for (int64_t left = columns / lanes; left > 0; left -= panel_width(left)) starts.push_back(columns - left * lanes);
    starts.push_back(columns);
    parallel_for(0, static_cast<int64_t>(starts.size()) - 1, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) body(starts[i], starts[i + 1] - starts[i]);
    });
}

/// Calls `body(first, last)` for runs of rows that are whole tiles but for the last.
template <typename Body>
void each_run_of_rows(int64_t rows, Body&& body) {
    const int64_t threads = at::get_num_threads(), share = (rows + threads - 1) / threads;
    const int64_t piece = std::min(blockRows, (share + 5) / 6 * 6), count = (rows + piece - 1) / piece;
    parallel_for(0, count, 1, [&](int64_t begin, int64_t end) { body(begin * piece, std::min(end * piece, rows)); });
}

}  // namespace ct
