#pragma once
#include "internal.h"

namespace ct {

/// Whether ``causal_attention`` takes these operands: fp32 on the CPU, as many queries as keys, heads that fill at least half of
/// their vectors.
bool prefers_causal_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value);

/// softmax(QKᵀ · scale) V for queries [B, H, T, D], keys and values [B, G, T, D] where G divides H; strides are free but for
/// the last.
///
/// Query t sees the keys firsts[t]...t: `firsts`, int64 [1 or B, T], rises along a row; all zeros where undefined.
at::Tensor causal_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, const at::Tensor& firsts,
                            double scale);

}  // namespace ct
