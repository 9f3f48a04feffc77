#pragma once
// Sixteen floats at a time: plain loops over them become the widest vector instructions that the processor has.

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

#define CT_LOAD(address) (*reinterpret_cast<const ct::UnalignedVector*>(address))
#define CT_STORE(address, value) (*reinterpret_cast<ct::UnalignedVector*>(address) = (value))

}  // namespace ct
