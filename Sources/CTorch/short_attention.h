#pragma once
#include "internal.h"

namespace ct {

/// Whether ``short_attention`` takes these operands: fp32 on the CPU, and short enough that a head's products stay in cache.
bool prefers_short_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value);

/// softmax(QKᵀ · scale) V for queries [B, H, T, D], keys and values [B, H, S, D]; strides are free but for the last.
at::Tensor short_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, double scale);

}  // namespace ct
