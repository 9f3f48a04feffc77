#pragma once
// As in cublas_v2.h.
struct cusparseContext;
typedef struct cusparseContext* cusparseHandle_t;
typedef enum cusparseStatus : unsigned int {} cusparseStatus_t;
