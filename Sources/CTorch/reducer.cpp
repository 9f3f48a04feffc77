// c10d's reducer: all-reduces of gradients that begin as soon as a bucket of them is complete (Li et al., "PyTorch
// Distributed: Experiences on Accelerating Data Parallel Training", arXiv 2006.15704).
#include "distributed.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <torch/csrc/distributed/c10d/reducer.hpp>
#pragma clang diagnostic pop

using namespace ct;

struct ct_reducer_s {
    std::unique_ptr<c10d::Reducer> reducer;
    int bucketCount;
};

namespace {

/// The reducer lays its buckets out anew after the first backward pass, by the order in which gradients came. That pass is
/// made here, over a sum of all parameters: so the layout, and with it the order of additions, is the same in every step of
/// a run and in one taken up again.
void settle(c10d::Reducer& reducer, const std::vector<at::Tensor>& parameters) {
    reducer.prepare_for_forward();
    at::Tensor sum;
    for (const auto& parameter : parameters) sum = sum.defined() ? sum + parameter.sum() : parameter.sum();
    reducer.prepare_for_backward({});
    sum.backward();
    reducer.prepare_for_forward();
    if (reducer.should_rebuild_buckets()) reducer.rebuild_buckets();
    for (const auto& parameter : parameters) parameter.mutable_grad().reset();
}

}  // namespace

ct_status ct_reducer_new(ct_group group, const ct_tensor* parameters, int count, intptr_t firstBucketBytes,
                         intptr_t bucketBytes, ct_reducer* out) {
    return guarded([&] {
        const auto tensors = list(parameters, count);
        // Gradients become ready from the last parameter to the first, and so must the buckets.
        const std::vector<at::Tensor> reversed(tensors.rbegin(), tensors.rend());
        auto buckets = std::get<0>(c10d::compute_bucket_assignment_by_size(
            reversed, {static_cast<size_t>(firstBucketBytes), static_cast<size_t>(bucketBytes)}));
        for (auto& bucket : buckets)
            for (auto& index : bucket) index = tensors.size() - 1 - index;
        const int bucketCount = static_cast<int>(buckets.size());
        auto reducer = std::make_unique<c10d::Reducer>(
            tensors, std::move(buckets), group->group, std::vector<bool>(tensors.size(), false), bucketBytes,
            /*find_unused_parameters=*/false, /*gradient_as_bucket_view=*/true,
            std::unordered_map<size_t, std::string>{}, firstBucketBytes, /*skip_all_reduce_unused_params=*/false,
            /*use_python_reducer=*/false, std::vector<int64_t>{});
        settle(*reducer, tensors);
        *out = new ct_reducer_s{std::move(reducer), bucketCount};
    });
}

ct_status ct_reducer_before_forward(ct_reducer reducer) {
    return guarded([&] { reducer->reducer->prepare_for_forward(); });
}

ct_status ct_reducer_before_backward(ct_reducer reducer) {
    return guarded([&] { reducer->reducer->prepare_for_backward({}); });
}

int ct_reducer_bucket_count(ct_reducer reducer) { return reducer->bucketCount; }

void ct_reducer_free(ct_reducer reducer) {
    // Its destructor may throw, and nothing may cross the border.
    (void)guarded([&] { delete reducer; });
}
