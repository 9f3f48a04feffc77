#pragma once
// oneDNN's fp32 kernels for the products of linear maps.
#include <mutex>

#include "internal.h"

namespace ct {

/// Sends fp32 products on the CPU to oneDNN for as long as it or another thread's lives.
class FastMatmul {
public:
    FastMatmul() {
        const std::lock_guard lock(mutex);
        if (users++ > 0) return;
        previous = current();
        set(at::Float32Precision::BF16);
    }
    ~FastMatmul() {
        const std::lock_guard lock(mutex);
        if (--users == 0) set(previous);
    }
    FastMatmul(const FastMatmul&) = delete;
    FastMatmul& operator=(const FastMatmul&) = delete;

private:
    // The setting is the process's: the first sets it, the last restores what was before.
    static inline std::mutex mutex;
    static inline int users = 0;
    static inline at::Float32Precision previous;

    static at::Float32Precision current() {
        return at::globalContext().float32Precision(at::Float32Backend::MKLDNN, at::Float32Op::MATMUL);
    }
    static void set(at::Float32Precision precision) {
        at::globalContext().setFloat32Precision(at::Float32Backend::MKLDNN, at::Float32Op::MATMUL, precision);
    }
};

/// Whether x · weightᵀ is to run there: it is switched on, the operands are fp32 on the CPU, and it is large enough to pay.
bool prefers_fast_matmul(const at::Tensor& x, const at::Tensor& weight);

/// Whether x · weightᵀ is to be a product of bfloat16 copies: it is switched on, the operands are fp32 on the CPU, and x has
/// enough rows to pay for the copies.
bool prefers_bfloat16_matmul(const at::Tensor& x, const at::Tensor& weight);

}  // namespace ct
