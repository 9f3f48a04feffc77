#pragma once
// libtorch's headers for CUDA name the handles and states of NVIDIA's mathematical libraries, whose headers come with
// hundreds of megabytes of code. The backend makes and calls none of them, so that these declarations suffice; where the
// true headers lie beside libtorch they are found first.
struct cublasContext;
typedef struct cublasContext* cublasHandle_t;
typedef enum cublasStatus : unsigned int {} cublasStatus_t;
