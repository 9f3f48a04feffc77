// Collectives of ranks over NCCL: libattent_nccl.so, see nccl_library.h.
#define USE_C10D_NCCL

#include "../nccl_library.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <c10/util/env.h>
#include <torch/csrc/cuda/nccl.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#include <torch/version.h>
#pragma clang diagnostic pop

namespace {

using c10d::ProcessGroupNCCL;

/// As libtorch tells the version that it was built with.
constexpr std::uint64_t compiledVersion = (std::uint64_t{NCCL_MAJOR} << 32) | (NCCL_MINOR << 16) | NCCL_PATCH;

std::string identity(int device) {
    const auto& bytes = at::cuda::getDeviceProperties(static_cast<c10::DeviceIndex>(device))->uuid.bytes;
    std::string text = "GPU-";
    for (const char byte : bytes) {
        char digits[3];
        std::snprintf(digits, sizeof(digits), "%02x", static_cast<unsigned char>(byte));
        text += digits;
    }
    return text;
}

c10::intrusive_ptr<c10d::Backend> backend(const c10::intrusive_ptr<c10d::Store>& store, int rank, int count,
                                          std::chrono::milliseconds timeout) {
    // The options hold NCCL's own, whose layout goes with its version.
    const auto version = torch::cuda::nccl::version();
    TORCH_CHECK(version == compiledVersion, ct::ncclLibraryName, " was compiled for NCCL ", NCCL_MAJOR, ".", NCCL_MINOR,
                ".", NCCL_PATCH, ", but libtorch for NCCL ", version >> 32, ".", version >> 16 & 0xffff, ".",
                version & 0xffff, "; make it anew with 'make cuda'");
    // Who waits then hears of a failure, by an exception and at the latest after the timeout. Otherwise a thread of c10d's
    // looks out for failures and ends the process, before it could say who is lost.
    c10::utils::set_env("TORCH_NCCL_BLOCKING_WAIT", "1");
    auto options = ProcessGroupNCCL::Options::create();
    options->timeout = timeout;
    auto prefixed = c10::make_intrusive<c10d::PrefixStore>("nccl", store);
    return c10::make_intrusive<ProcessGroupNCCL>(std::move(prefixed), rank, count, std::move(options));
}

const ct::NcclLibrary library{TORCH_VERSION, identity, backend};

}  // namespace

extern "C" __attribute__((visibility("default"))) const ct::NcclLibrary* attent_nccl() { return &library; }
