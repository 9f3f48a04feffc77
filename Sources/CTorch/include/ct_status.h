#pragma once
// The result of every call that can fail. The message of the last failure on the calling thread is ct_last_error().
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define CT_API extern "C"
#else
#define CT_API extern
#endif

typedef enum { CT_OK = 0, CT_FAILED = 1, CT_INVALID_INDEX = 2, CT_OUT_OF_MEMORY = 3 } ct_status;

/// An owned reference to a tensor; release it with ct_free.
typedef struct ct_tensor_s* ct_tensor;

CT_API const char* ct_last_error(void);
/// Releases one reference.
CT_API void ct_free(ct_tensor tensor);
/// The number of owned references that have not been released, in the whole process.
CT_API int64_t ct_live_count(void);
