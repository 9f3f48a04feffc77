#pragma once
// Creation, description and transfer of tensors.
#include "ct_status.h"

/// Element types, numbered as in c10::ScalarType.
typedef enum {
    CT_UINT8 = 0, CT_INT32 = 3, CT_INT64 = 4, CT_FLOAT16 = 5, CT_FLOAT32 = 6, CT_FLOAT64 = 7, CT_BOOL = 11, CT_BFLOAT16 = 15
} ct_dtype;

typedef enum { CT_CPU = 0, CT_CUDA = 1, CT_MPS = 13 } ct_device_type;
typedef struct { int32_t type; int32_t index; } ct_device;

// Sizes are intptr_t so that Swift passes its [Int] as it is.
CT_API ct_status ct_from_bytes(const void* data, ct_dtype dtype, const intptr_t* sizes, int rank, ct_device device,
                               ct_tensor* out);
/// A view of memory that the caller keeps alive and unchanged for as long as the tensor lives; `release(context)` ends it.
CT_API ct_status ct_from_borrowed(void* data, ct_dtype dtype, const intptr_t* sizes, int rank,
                                  void (*release)(void*), void* context, ct_tensor* out);
CT_API ct_status ct_empty(const intptr_t* sizes, int rank, ct_dtype dtype, ct_device device, ct_tensor* out);
CT_API ct_status ct_full(const intptr_t* sizes, int rank, double value, ct_dtype dtype, ct_device device, ct_tensor* out);
CT_API ct_status ct_zeros_like(ct_tensor x, ct_tensor* out);
CT_API ct_status ct_arange(double start, double end, double step, ct_dtype dtype, ct_device device, ct_tensor* out);
CT_API ct_status ct_eye(intptr_t n, ct_dtype dtype, ct_device device, ct_tensor* out);

CT_API int ct_rank(ct_tensor x);
CT_API intptr_t ct_size(ct_tensor x, int dimension);
CT_API intptr_t ct_count(ct_tensor x);
CT_API ct_dtype ct_dtype_of(ct_tensor x);
CT_API ct_device ct_device_of(ct_tensor x);
CT_API bool ct_is_contiguous(ct_tensor x);

/// Converts to `dtype`, moves to the CPU and copies `byteCount` bytes; fails where the size differs.
CT_API ct_status ct_copy_out(ct_tensor x, ct_dtype dtype, void* destination, size_t byteCount);
CT_API ct_status ct_item(ct_tensor x, double* out);
CT_API ct_status ct_to(ct_tensor x, ct_dtype dtype, ct_device device, bool nonBlocking, ct_tensor* out);
CT_API ct_status ct_contiguous(ct_tensor x, ct_tensor* out);
CT_API ct_status ct_clone(ct_tensor x, ct_tensor* out);
/// Overwrites `x` in place, outside autograd; shapes must be equal.
CT_API ct_status ct_copy_into(ct_tensor x, ct_tensor source);
CT_API ct_status ct_fill_(ct_tensor x, double value);
