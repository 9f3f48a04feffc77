#pragma once
// Sixteen floats at a time: plain loops over them become the widest vector instructions that the processor has.
#include <utility>

namespace ct {

// Compiled once an instruction set; the loader picks. Everything such a function calls must be inlined into it.
#if defined(__x86_64__) && defined(__linux__)
#define CT_VECTORIZED __attribute__((target_clones("avx512f", "avx2,fma", "default")))
#else
#define CT_VECTORIZED
#endif
#define CT_INLINE inline __attribute__((always_inline))

constexpr int lanes = 16;
typedef float Vector __attribute__((vector_size(lanes * sizeof(float))));
typedef float UnalignedVector __attribute__((vector_size(lanes * sizeof(float)), aligned(alignof(float)), may_alias));
typedef int IntegerVector __attribute__((vector_size(lanes * sizeof(int))));

using Lanes = std::make_integer_sequence<int, lanes>;

/// Exchanges the off-diagonal blocks of `size` lanes of two rows that lie `size` apart.
template <int size, int... lane>
CT_INLINE void exchange(Vector& upper, Vector& lower, std::integer_sequence<int, lane...>) {
    const Vector first = __builtin_shufflevector(upper, lower, (lane & size ? lanes + lane - size : lane)...);
    lower = __builtin_shufflevector(upper, lower, (lane & size ? lanes + lane : lane + size)...);
    upper = first;
}

template <int size>
CT_INLINE void exchange_blocks(Vector (&rows)[lanes]) {
#pragma unroll
    for (int i = 0; i < lanes; i++)
        if (!(i & size)) exchange<size>(rows[i], rows[i + size], Lanes{});
}

/// Makes rows columns.
CT_INLINE void transpose(Vector (&rows)[lanes]) {
    exchange_blocks<8>(rows), exchange_blocks<4>(rows), exchange_blocks<2>(rows), exchange_blocks<1>(rows);
}

template <int distance, typename Combine, int... lane>
CT_INLINE void fold(Vector& x, const Combine& combine, std::integer_sequence<int, lane...>) {
    const Vector turned = __builtin_shufflevector(x, x, ((lane + distance) % lanes)...);
    combine(x, turned);
}

/// All lanes become what `combine(x, y)`, which changes x, makes of them.
template <typename Combine>
CT_INLINE void fold(Vector& x, const Combine& combine) {
    fold<8>(x, combine, Lanes{}), fold<4>(x, combine, Lanes{}), fold<2>(x, combine, Lanes{}), fold<1>(x, combine, Lanes{});
}

struct Sum {
    CT_INLINE void operator()(Vector& x, const Vector& y) const { x += y; }
};
struct Maximum {
    CT_INLINE void operator()(Vector& x, const Vector& y) const { x = x > y ? x : y; }
};

CT_INLINE float total(const Vector& x) {
    Vector sum = x;
    fold(sum, Sum{});
    return sum[0];
}

#define CT_LOAD(address) (*reinterpret_cast<const ct::UnalignedVector*>(address))
#define CT_STORE(address, value) (*reinterpret_cast<ct::UnalignedVector*>(address) = (value))

}  // namespace ct
