#pragma once
// libtorch's builds for CUDA generate this header; the build for the CPU has all others but not this one.
#define C10_CUDA_BUILD_SHARED_LIBS
