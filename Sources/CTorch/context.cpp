#include "ct_context.h"

#include "internal.h"

#ifdef __GLIBC__
#include <malloc.h>

#include <climits>
#endif

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/autocast_mode.h>
#include <torch/version.h>
#pragma clang diagnostic pop

using namespace ct;

void ct_set_thread_count(int count) { at::set_num_threads(count); }
int ct_thread_count(void) { return at::get_num_threads(); }
void ct_set_flush_denormal(bool enabled) { at::globalContext().setFlushDenormal(enabled); }
ct_status ct_set_deterministic(bool enabled) {
    return guarded([&] { at::globalContext().setDeterministicAlgorithms(enabled, /*warn_only=*/false); });
}

bool ct_keep_freed_memory(void) {
#ifdef __GLIBC__
    // Every step makes the same large tensors. Each would be mapped afresh, and its pages zeroed by the kernel one fault at a time.
    constexpr int largest = 1 << 30;
    return mallopt(M_MMAP_THRESHOLD, largest) && mallopt(M_TRIM_THRESHOLD, INT_MAX) && mallopt(M_TOP_PAD, 16 << 20);
#else
    return false;
#endif
}

void ct_release_freed_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

ct_status ct_autocast_push(ct_device_type device, ct_dtype dtype, ct_autocast* previous) {
    return guarded([&] {
        auto type = static_cast<at::DeviceType>(device);
        *previous = {at::autocast::is_autocast_enabled(type), static_cast<ct_dtype>(at::autocast::get_autocast_dtype(type))};
        at::autocast::set_autocast_dtype(type, scalar_type(dtype));
        at::autocast::set_autocast_enabled(type, true);
        at::autocast::increment_nesting();
    });
}
ct_status ct_autocast_pop(ct_device_type device, ct_autocast previous) {
    return guarded([&] {
        if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
        at::autocast::set_autocast_enabled(static_cast<at::DeviceType>(device), previous.enabled);
        at::autocast::set_autocast_dtype(static_cast<at::DeviceType>(device), scalar_type(previous.dtype));
    });
}

const char* ct_version(void) { return TORCH_VERSION; }
const char* ct_cpu_capability(void) {
    static const std::string capability = at::get_cpu_capability();
    return capability.c_str();
}
int ct_cxx11_abi(void) { return _GLIBCXX_USE_CXX11_ABI; }
int ct_cuda_device_count(void) {
    int count = 0;
    guarded([&] { count = at::globalContext().hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().deviceCount()) : 0; });
    return count;
}
bool ct_has_cuda(void) { return at::CUDAHooksRegistry()->Has("CUDAHooks"); }
bool ct_has_onednn(void) { return at::globalContext().hasMKLDNN(); }
