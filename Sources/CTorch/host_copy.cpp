// Copies of tensors to the host that are not waited for when they are asked for.
#include <optional>

#include "ct_host_copy.h"
#include "internal.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#pragma clang diagnostic pop

using namespace ct;

struct ct_host_copy_s {
    at::Tensor host;
    /// What the copy is behind on a CUDA stream.
    std::optional<c10::Event> arrival;
};

ct_status ct_host_copy_new(ct_tensor x, ct_dtype dtype, ct_host_copy* out) {
    return guarded([&] {
        const auto source = borrow(x).detach().to(scalar_type(dtype)).contiguous();
        if (!source.is_cuda()) {
            *out = new ct_host_copy_s{source.to(at::kCPU, /*non_blocking=*/false, /*copy=*/true), std::nullopt};
            return;
        }
        // Only into pinned memory does a copy run behind the host's back.
        auto host = at::empty(source.sizes(), at::TensorOptions().dtype(source.scalar_type()).pinned_memory(true));
        host.copy_(source, /*non_blocking=*/true);
        c10::Event arrival(source.device().type());
        arrival.record(c10::impl::VirtualGuardImpl(source.device().type()).getStream(source.device()));
        *out = new ct_host_copy_s{std::move(host), std::move(arrival)};
    });
}

ct_status ct_host_copy_read(ct_host_copy copy, void* destination, size_t byteCount) {
    return guarded([&] {
        if (copy->arrival) copy->arrival->synchronize();
        TORCH_CHECK(copy->host.nbytes() == byteCount, "a copy of ", copy->host.nbytes(), " bytes was read into ", byteCount);
        if (byteCount > 0) memcpy(destination, copy->host.const_data_ptr(), byteCount);
    });
}

void ct_host_copy_free(ct_host_copy copy) { delete copy; }
