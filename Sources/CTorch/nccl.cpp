// Ranks on CUDA devices: loads the library with NCCL's backend, and gives it to a group.
#include <dlfcn.h>

#include "distributed.h"
#include "nccl_library.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/version.h>
#pragma clang diagnostic pop

using namespace ct;
using c10d::ProcessGroup;

namespace {

/// What is wrong with this process's libtorch for NCCL, before any library is looked for.
void check_engine() {
    const auto& hooks = at::detail::getCUDAHooks();
    TORCH_CHECK(hooks.hasCUDART(), "this libtorch is the build for the CPU alone; set ATTENT_TORCH to an installation of torch ",
                TORCH_VERSION, " for CUDA, and run 'make cuda'");
    TORCH_CHECK(hooks.deviceCount() > 0, "libtorch finds no CUDA device here; check the driver with nvidia-smi");
}

const NcclLibrary& open_library() {
    void* handle = dlopen(ncclLibraryName, RTLD_NOW | RTLD_LOCAL);
    TORCH_CHECK(handle, ncclLibraryName, " cannot be loaded (", dlerror(), "); make it with 'make cuda'");
    const auto entry = reinterpret_cast<const NcclLibrary* (*)()>(dlsym(handle, ncclLibraryEntry));
    TORCH_CHECK(entry, ncclLibraryName, " has no ", ncclLibraryEntry, "; make it anew with 'make cuda'");
    const auto* library = entry();
    TORCH_CHECK(strcmp(library->torch, TORCH_VERSION) == 0, ncclLibraryName, " was compiled for libtorch ", library->torch,
                ", but this is ", TORCH_VERSION, "; make it anew with 'make cuda'");
    return *library;
}

/// Opened once; where that fails, anew at the next call.
const NcclLibrary& library() {
    check_engine();
    static const NcclLibrary& opened = open_library();
    return opened;
}

}  // namespace

ct_status ct_nccl_load(void) {
    return guarded([] { (void)library(); });
}

ct_status ct_cuda_identity(int device, char* text, size_t capacity) {
    return guarded([&] { snprintf(text, capacity, "%s", library().identity(device).c_str()); });
}

ct_status ct_group_connect(ct_group group, int device, double timeout) {
    return guarded([&] {
        auto& ranks = *group->group;
        auto backend = library().backend(ranks.getStore(), ranks.getRank(), ranks.getSize(), milliseconds(timeout));
        // What names no device, such as pinned memory, must not take memory of the first one on every rank.
        c10::impl::VirtualGuardImpl(c10::kCUDA).setDevice(at::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(device)));
        ranks.setBackend(c10::kCUDA, ProcessGroup::BackendType::NCCL, std::move(backend));
    });
}

ct_status ct_group_abort(ct_group group) {
    return guarded([&] {
        if (group->group->hasBackendForDeviceType(c10::kCUDA)) group->group->getBackend(c10::kCUDA)->abort();
    });
}
