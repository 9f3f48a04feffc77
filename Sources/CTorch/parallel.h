#pragma once
#include "internal.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <c10/util/FunctionRef.h>
#pragma clang diagnostic pop

namespace ct {

/// Shares begin..<end out among libtorch's threads, in stretches of at least `grain`; each thread calls `body` once with its own.
///
/// What at::parallel_for does where it is compiled with OpenMP. Without, as here, that runs everything on the calling thread,
/// and clang's OpenMP takes another runtime than libtorch's, with threads of its own beside the others.
void parallel_for(int64_t begin, int64_t end, int64_t grain, c10::function_ref<void(int64_t, int64_t)> body);

}  // namespace ct
