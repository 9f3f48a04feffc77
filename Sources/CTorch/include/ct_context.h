#pragma once
// The process-wide state of the engine, and what it says of itself.
#include "ct_tensor.h"

CT_API void ct_set_thread_count(int count);
CT_API int ct_thread_count(void);
CT_API void ct_set_flush_denormal(bool enabled);
/// How the products of fp32 linear maps on the CPU are computed: by libtorch's default kernels, by oneDNN's, in bfloat16 (by our
/// own kernels where ct_has_own_bfloat16_maps, else by oneDNN's), or by our own where the processor has AVX-512 (else by
/// libtorch's).
typedef enum { CT_LINEAR_STANDARD = 0, CT_LINEAR_FAST = 1, CT_LINEAR_BFLOAT16 = 2, CT_LINEAR_OWN = 3 } ct_linear_kernels;
/// Whether the processor multiplies pairs of bfloat16 numbers, but no whole tiles of them (AMX), which oneDNN is better at.
CT_API bool ct_has_own_bfloat16_maps(void);
CT_API void ct_set_linear_kernels(ct_linear_kernels kernels);
CT_API ct_linear_kernels ct_get_linear_kernels(void);
CT_API ct_status ct_set_deterministic(bool enabled);
/// Has freed memory wait for its next use instead of going back to the system; false where the allocator has no such setting.
CT_API bool ct_keep_freed_memory(void);
/// Gives the freed memory that waits back to the system, where the allocator can.
CT_API void ct_release_freed_memory(void);
typedef struct { bool enabled; ct_dtype dtype; } ct_autocast;
/// Enters mixed precision on a device; `previous` is what ct_autocast_pop must restore.
CT_API ct_status ct_autocast_push(ct_device_type device, ct_dtype dtype, ct_autocast* previous);
CT_API ct_status ct_autocast_pop(ct_device_type device, ct_autocast previous);

/// The version of libtorch that is loaded, such as "2.13.0".
CT_API const char* ct_version(void);
/// The vector instructions that libtorch's kernels use here, such as "AVX512".
CT_API const char* ct_cpu_capability(void);
/// 1 where the C++11 ABI of libstdc++ is in use.
CT_API int ct_cxx11_abi(void);
/// Whether libtorch's part for CUDA is loaded, be there a device or not.
CT_API bool ct_has_cuda(void);
CT_API int ct_cuda_device_count(void);
CT_API bool ct_has_onednn(void);
