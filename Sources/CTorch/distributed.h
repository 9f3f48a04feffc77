#pragma once
// What the parts of the shim's distributed side share.
#define USE_C10D_GLOO

#include "ct_distributed.h"
#include "internal.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>
#include <torch/csrc/distributed/c10d/Work.hpp>
#pragma clang diagnostic pop

struct ct_store_s {
    c10::intrusive_ptr<c10d::Store> store;
    int port;
};
struct ct_group_s {
    c10::intrusive_ptr<c10d::ProcessGroup> group;
};
struct ct_work_s {
    c10::intrusive_ptr<c10d::Work> work;
};

namespace ct {
inline std::chrono::milliseconds milliseconds(double seconds) {
    return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}
}  // namespace ct
