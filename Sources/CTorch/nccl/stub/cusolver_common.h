#pragma once
// As in cublas_v2.h.
typedef enum cusolverStatus : unsigned int {} cusolverStatus_t;
