#pragma once

#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include <sentencepiece_processor.h>

#include "CSentencePiece.h"

namespace csp {

// Keeps `message` for csp_last_error() on this thread.
csp_status fail(const char *message) noexcept;

inline csp_status from(const sentencepiece::util::Status &status) {
    return status.ok() ? CSP_OK : fail(status.error_message());
}

// Runs `body`, which returns a csp_status, and turns whatever it throws into a failure.
template <typename Body>
csp_status guarded(Body body) noexcept {
    try {
        return body();
    } catch (const std::exception &error) {
        return fail(error.what());
    } catch (...) {
        return fail("an exception of unknown type");
    }
}

// Copies `count` elements into a buffer that csp_release() frees.
template <typename Element, typename Out>
csp_status hand_out(const Element *source, size_t count, Out **out, size_t *out_count) {
    static_assert(sizeof(Element) == sizeof(Out), "elements are copied as they lie");
    void *buffer = std::malloc(count == 0 ? 1 : count * sizeof(Element));
    if (buffer == nullptr) throw std::bad_alloc();
    if (count != 0) std::memcpy(buffer, source, count * sizeof(Element));
    *out = static_cast<Out *>(buffer);
    *out_count = count;
    return CSP_OK;
}

}  // namespace csp
