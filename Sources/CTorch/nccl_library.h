#pragma once
// The border between the shim and libattent_nccl.so, which is compiled apart (scripts/cuda), since NCCL's backend takes
// NVIDIA's headers and a libtorch for CUDA, and the program has to do without both.
#include <string>

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>
#pragma clang diagnostic pop

namespace ct {

/// What the library has to offer. Its functions throw as libtorch's do.
struct NcclLibrary {
    /// The version of libtorch whose classes it was compiled with; those of another may be laid out otherwise.
    const char* torch;
    /// What tells a device from all others, on whatever machine.
    std::string (*identity)(int device);
    /// Waits for nobody: the ranks connect to each other in their first collective.
    c10::intrusive_ptr<c10d::Backend> (*backend)(const c10::intrusive_ptr<c10d::Store>& store, int rank, int count,
                                                 std::chrono::milliseconds timeout);
};

constexpr const char* ncclLibraryName = "libattent_nccl.so";
/// The function that the library exports: `const NcclLibrary* attent_nccl()`.
constexpr const char* ncclLibraryEntry = "attent_nccl";

}  // namespace ct
