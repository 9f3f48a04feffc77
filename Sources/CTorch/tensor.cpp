#include "ct_tensor.h"

#include "internal.h"

using namespace ct;

ct_status ct_from_bytes(const void* data, ct_dtype dtype, const intptr_t* dims, int rank, ct_device where, ct_tensor* out) {
    return returning(out, [&] {
        auto view = at::from_blob(const_cast<void*>(data), sizes(dims, rank), scalar_type(dtype));
        if (device(where).is_cpu()) return view.clone();
        // From pageable memory the host would wait until the device is done with all before it.
        return device(where).is_cuda() ? view.pin_memory().to(device(where), /*non_blocking=*/true) : view.to(device(where));
    });
}

ct_status ct_from_borrowed(void* data, ct_dtype dtype, const intptr_t* dims, int rank, void (*release)(void*), void* context,
                           ct_tensor* out) {
    auto deleter = [release, context](void*) { release(context); };
    CT_RETURN(at::from_blob(data, sizes(dims, rank), deleter, scalar_type(dtype)));
}

ct_status ct_empty(const intptr_t* dims, int rank, ct_dtype dtype, ct_device where, ct_tensor* out) {
    CT_RETURN(at::empty(sizes(dims, rank), options(dtype, where)));
}
ct_status ct_full(const intptr_t* dims, int rank, double value, ct_dtype dtype, ct_device where, ct_tensor* out) {
    CT_RETURN(at::full(sizes(dims, rank), value, options(dtype, where)));
}
ct_status ct_zeros_like(ct_tensor x, ct_tensor* out) { CT_RETURN(at::zeros_like(borrow(x).detach())); }
ct_status ct_arange(double start, double end, double step, ct_dtype dtype, ct_device where, ct_tensor* out) {
    CT_RETURN(at::arange(start, end, step, options(dtype, where)));
}
ct_status ct_eye(intptr_t n, ct_dtype dtype, ct_device where, ct_tensor* out) { CT_RETURN(at::eye(n, options(dtype, where))); }

int ct_rank(ct_tensor x) { return static_cast<int>(borrow(x).dim()); }
intptr_t ct_size(ct_tensor x, int dimension) { return borrow(x).sizes()[dimension]; }
intptr_t ct_count(ct_tensor x) { return borrow(x).numel(); }
ct_dtype ct_dtype_of(ct_tensor x) { return static_cast<ct_dtype>(borrow(x).scalar_type()); }
ct_device ct_device_of(ct_tensor x) {
    auto where = borrow(x).device();
    return {static_cast<int32_t>(where.type()), where.has_index() ? where.index() : 0};
}
bool ct_is_contiguous(ct_tensor x) { return borrow(x).is_contiguous(); }

ct_status ct_copy_out(ct_tensor x, ct_dtype dtype, void* destination, size_t byteCount) {
    return guarded([&] {
        auto host = borrow(x).detach().to(at::kCPU, scalar_type(dtype)).contiguous();
        TORCH_CHECK(host.nbytes() == byteCount, "a tensor of ", host.nbytes(), " bytes was copied into ", byteCount);
        // What is empty has no address, and memcpy takes none.
        if (byteCount > 0) memcpy(destination, host.const_data_ptr(), byteCount);
    });
}
ct_status ct_item(ct_tensor x, double* out) {
    return guarded([&] { *out = borrow(x).detach().item().toDouble(); });
}
ct_status ct_to(ct_tensor x, ct_dtype dtype, ct_device where, bool nonBlocking, ct_tensor* out) {
    CT_RETURN(borrow(x).to(device(where), scalar_type(dtype), nonBlocking));
}
ct_status ct_contiguous(ct_tensor x, ct_tensor* out) { CT_RETURN(borrow(x).contiguous()); }
ct_status ct_clone(ct_tensor x, ct_tensor* out) { CT_RETURN(borrow(x).clone()); }

ct_status ct_copy_into(ct_tensor x, ct_tensor source) {
    return guarded([&] {
        c10::NoGradGuard guard;
        auto target = borrow(x);
        TORCH_CHECK(target.sizes() == borrow(source).sizes(), "a tensor of shape ", borrow(source).sizes(),
                    " was copied into one of shape ", target.sizes());
        target.copy_(borrow(source));
    });
}
ct_status ct_fill_(ct_tensor x, double value) {
    return guarded([&] {
        c10::NoGradGuard guard;
        auto target = borrow(x);
        target.fill_(value);
    });
}
