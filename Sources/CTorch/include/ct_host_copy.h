#pragma once
// Copies of tensors to the host that are not waited for when they are asked for.
#include "ct_tensor.h"

typedef struct ct_host_copy_s* ct_host_copy;

/// Starts copying x, converted to `dtype`, to the host; on CUDA the caller does not wait for it.
CT_API ct_status ct_host_copy_new(ct_tensor x, ct_dtype dtype, ct_host_copy* out);
/// Waits until the copy is there and hands its bytes over; fails where their number differs.
CT_API ct_status ct_host_copy_read(ct_host_copy copy, void* destination, size_t byteCount);
CT_API void ct_host_copy_free(ct_host_copy copy);
