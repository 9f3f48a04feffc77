// Groups of ranks and their collectives: over Gloo, and on CUDA over NCCL once a group is connected (nccl.cpp).
#include "distributed.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#pragma clang diagnostic pop

using namespace ct;
using c10d::ProcessGroup;
using c10d::ProcessGroupGloo;

ct_status ct_group_new(ct_store store, const char* prefix, int rank, int count, const char* address, double timeout,
                       ct_group* out) {
    return guarded([&] {
        auto shared = c10::make_intrusive<c10d::PrefixStore>(prefix, store->store);
        auto options = ProcessGroupGloo::Options::create(milliseconds(timeout));
        options->devices.push_back(ProcessGroupGloo::createDeviceForHostname(address));
        auto backend = c10::make_intrusive<ProcessGroupGloo>(shared, rank, count, options);
        auto group = c10::make_intrusive<ProcessGroup>(shared, rank, count);
        group->setBackend(c10::kCPU, ProcessGroup::BackendType::GLOO, c10::intrusive_ptr<c10d::Backend>(backend));
        group->setDefaultBackend(ProcessGroup::BackendType::GLOO);
        *out = new ct_group_s{std::move(group)};
    });
}

void ct_group_free(ct_group group) { delete group; }

namespace {

template <typename Start>
ct_status started(ct_work* out, Start&& start) {
    return guarded([&] { *out = new ct_work_s{start()}; });
}

}  // namespace

ct_status ct_all_reduce(ct_group group, ct_tensor x, ct_reduction reduction, ct_work* out) {
    return started(out, [&] {
        std::vector<at::Tensor> tensors{borrow(x).detach()};
        c10d::AllreduceOptions options;
        options.reduceOp = reduction == CT_MAXIMUM ? c10d::ReduceOp::MAX : c10d::ReduceOp::SUM;
        return group->group->allreduce(tensors, options);
    });
}

ct_status ct_broadcast(ct_group group, ct_tensor x, int root, ct_work* out) {
    return started(out, [&] {
        std::vector<at::Tensor> tensors{borrow(x).detach()};
        c10d::BroadcastOptions options;
        options.rootRank = root;
        return group->group->broadcast(tensors, options);
    });
}

ct_status ct_all_gather(ct_group group, ct_tensor x, const ct_tensor* parts, int count, ct_work* out) {
    return started(out, [&] {
        std::vector<std::vector<at::Tensor>> outputs{list(parts, count)};
        std::vector<at::Tensor> inputs{borrow(x).detach()};
        return group->group->allgather(outputs, inputs);
    });
}

ct_status ct_barrier(ct_group group, ct_work* out) {
    return started(out, [&] { return group->group->barrier(); });
}

bool ct_work_is_done(ct_work work) {
    // What has failed is done too; waiting for it says how.
    bool isDone = true;
    guarded([&] { isDone = work->work->isCompleted(); });
    return isDone;
}
ct_status ct_work_wait(ct_work work) {
    return guarded([&] { work->work->wait(); });
}
void ct_work_free(ct_work work) { delete work; }
