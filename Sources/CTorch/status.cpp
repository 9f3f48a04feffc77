#include <atomic>

#include "internal.h"

namespace {
thread_local std::string last_error;
std::atomic<int64_t> live{0};
}  // namespace

ct_status ct::fail(ct_status status, const char* message) {
    last_error = message;
    return status;
}

void ct::count_live(int64_t change) { live.fetch_add(change, std::memory_order_relaxed); }

const char* ct_last_error(void) { return last_error.c_str(); }

void ct_free(ct_tensor tensor) {
    ct::count_live(-1);
    c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim(reinterpret_cast<c10::TensorImpl*>(tensor));
}

int64_t ct_live_count(void) { return live.load(std::memory_order_relaxed); }
