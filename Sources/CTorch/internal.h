#pragma once
// What every file of the shim shares: the handle, and the border that no C++ exception crosses.
#include <cstring>
#include <new>
#include <string>
#include <vector>

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#pragma clang diagnostic pop

#include "ct_status.h"
#include "ct_tensor.h"

namespace ct {

ct_status fail(ct_status status, const char* message);
void count_live(int64_t change);

// A handle is the bare TensorImpl* of an at::Tensor, which is one intrusive_ptr wide: borrowing costs no reference count.
inline const at::Tensor& borrow(const ct_tensor& handle) {
    static_assert(sizeof(at::Tensor) == sizeof(ct_tensor));
    return reinterpret_cast<const at::Tensor&>(handle);
}

inline ct_tensor own(at::Tensor tensor) {
    count_live(1);
    return reinterpret_cast<ct_tensor>(tensor.unsafeReleaseTensorImpl());
}

inline std::optional<at::Tensor> maybe(const ct_tensor& handle) {
    return handle ? std::optional<at::Tensor>(borrow(handle)) : std::nullopt;
}

inline std::vector<at::Tensor> list(const ct_tensor* handles, int count) {
    std::vector<at::Tensor> tensors;
    tensors.reserve(count);
    for (int i = 0; i < count; i++) tensors.push_back(borrow(handles[i]));
    return tensors;
}

inline at::IntArrayRef sizes(const intptr_t* values, int count) {
    static_assert(sizeof(intptr_t) == sizeof(int64_t));
    return {reinterpret_cast<const int64_t*>(values), static_cast<size_t>(count)};
}

inline at::ScalarType scalar_type(ct_dtype dtype) { return static_cast<at::ScalarType>(dtype); }

inline at::Device device(ct_device device) {
    auto type = static_cast<at::DeviceType>(device.type);
    return type == at::kCPU ? at::Device(type) : at::Device(type, static_cast<c10::DeviceIndex>(device.index));
}

inline at::TensorOptions options(ct_dtype dtype, ct_device where) {
    return at::TensorOptions().dtype(scalar_type(dtype)).device(device(where));
}

inline bool is_memory_message(const char* message) {
    return strstr(message, "not enough memory") || strstr(message, "can't allocate memory");
}

template <typename Body>
ct_status guarded(Body&& body) {
    try {
        body();
        return CT_OK;
    } catch (const c10::OutOfMemoryError& error) {
        return fail(CT_OUT_OF_MEMORY, error.what_without_backtrace());
    } catch (const c10::IndexError& error) {
        return fail(CT_INVALID_INDEX, error.what_without_backtrace());
    } catch (const c10::Error& error) {
        const char* message = error.what_without_backtrace();
        return fail(is_memory_message(message) ? CT_OUT_OF_MEMORY : CT_FAILED, message);
    } catch (const std::bad_alloc&) {
        return fail(CT_OUT_OF_MEMORY, "the system has no memory left");
    } catch (const std::exception& error) {
        return fail(CT_FAILED, error.what());
    } catch (...) {
        return fail(CT_FAILED, "an unknown C++ exception");
    }
}

template <typename Expression>
ct_status returning(ct_tensor* out, Expression&& expression) {
    return guarded([&] { *out = own(expression()); });
}

}  // namespace ct

#define CT_RETURN(expression) return ct::returning(out, [&] { return expression; })
