// Loops on libtorch's own threads.
#include "parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <ATen/Parallel.h>
#pragma clang diagnostic pop

#if defined(__linux__)
// What GCC compiles `#pragma omp parallel` to, in libtorch too.
extern "C" {
void GOMP_parallel(void (*function)(void*), void* data, unsigned threads, unsigned flags);
int omp_get_num_threads(void);
int omp_get_thread_num(void);
}
#endif

namespace ct {
namespace {

using Body = c10::function_ref<void(int64_t, int64_t)>;

void run(Body body, int64_t begin, int64_t end) {
    c10::ParallelGuard guard(true);
    body(begin, end);
}

#if defined(__linux__)
struct Loop {
    Body body;
    int64_t begin, end, grain;
    std::atomic_flag hasFailed = ATOMIC_FLAG_INIT;
    std::exception_ptr failure;

    void run_own_part() {
        const int64_t most = (end - begin + grain - 1) / grain;
        const int64_t threads = std::min<int64_t>(omp_get_num_threads(), most);
        const int64_t part = (end - begin + threads - 1) / threads, first = begin + omp_get_thread_num() * part;
        if (first >= end) return;
        try {
            run(body, first, std::min(end, first + part));
        } catch (...) {
            if (!hasFailed.test_and_set()) failure = std::current_exception();
        }
    }
};

void share_out(int64_t begin, int64_t end, int64_t grain, Body body) {
    Loop loop{body, begin, end, grain};
    GOMP_parallel([](void* data) { static_cast<Loop*>(data)->run_own_part(); }, &loop, 0, 0);
    if (loop.failure) std::rethrow_exception(loop.failure);
}
#else
void share_out(int64_t begin, int64_t end, int64_t, Body body) { run(body, begin, end); }
#endif

}  // namespace

void parallel_for(int64_t begin, int64_t end, int64_t grain, Body body) {
    if (begin >= end) return;
    if (end - begin <= grain || at::in_parallel_region() || at::get_num_threads() == 1) return run(body, begin, end);
    share_out(begin, end, std::max<int64_t>(1, grain), body);
}

}  // namespace ct
