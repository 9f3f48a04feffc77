#include "status.h"

namespace {
thread_local char last_error[512] = "";
}

namespace csp {

csp_status fail(const char *message) noexcept {
    // A fixed buffer, so that reporting a failed allocation allocates nothing.
    std::strncpy(last_error, message == nullptr ? "no reason given" : message, sizeof(last_error) - 1);
    return CSP_FAILED;
}

}  // namespace csp

const char *csp_last_error(void) { return last_error; }

void csp_release(void *buffer) { std::free(buffer); }
