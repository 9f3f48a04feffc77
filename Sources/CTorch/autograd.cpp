#include "ct_autograd.h"

#include "internal.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/variable.h>
#pragma clang diagnostic pop

using namespace ct;

bool ct_grad_enabled(void) { return c10::GradMode::is_enabled(); }
void ct_set_grad_enabled(bool enabled) { c10::GradMode::set_enabled(enabled); }
bool ct_requires_grad(ct_tensor x) { return borrow(x).requires_grad(); }
ct_status ct_set_requires_grad(ct_tensor x, bool required) {
    return guarded([&] { borrow(x).set_requires_grad(required); });
}
ct_status ct_detach(ct_tensor x, ct_tensor* out) { CT_RETURN(borrow(x).detach()); }

ct_status ct_backward(ct_tensor x, ct_tensor gradient, bool retainGraph) {
    return guarded([&] { borrow(x).backward(gradient ? borrow(gradient) : at::Tensor(), retainGraph); });
}
ct_status ct_gradient(ct_tensor x, ct_tensor* out) {
    return guarded([&] {
        at::Tensor gradient = borrow(x).grad();
        *out = gradient.defined() ? own(std::move(gradient)) : nullptr;
    });
}
ct_status ct_set_gradient(ct_tensor x, ct_tensor gradient) {
    return guarded([&] {
        // The optimisers' kernels trust a gradient to be as large as its tensor.
        TORCH_CHECK(!gradient || (borrow(gradient).sizes() == borrow(x).sizes() && borrow(gradient).dtype() == borrow(x).dtype() &&
                                  borrow(gradient).device() == borrow(x).device()),
                    "a gradient differs from its tensor in shape, type or device");
        if (!gradient) return borrow(x).mutable_grad().reset();
        const auto& given = borrow(gradient);
        // They also walk both as one run of memory.
        const bool isAlike = given.strides() == borrow(x).strides() && given.is_non_overlapping_and_dense();
        borrow(x).mutable_grad() = isAlike ? given : at::empty_like(borrow(x)).copy_(given.detach());
    });
}

namespace {

torch::autograd::edge_list edges(const ct_tensor* inputs, int count) {
    torch::autograd::edge_list result;
    for (int i = 0; i < count; i++) {
        const auto& input = borrow(inputs[i]);
        TORCH_CHECK(input.requires_grad(), "input ", i, " of a gradient does not require one");
        result.push_back(input.grad_fn() ? torch::autograd::Edge(input.grad_fn(), input.output_nr())
                                         : torch::autograd::Edge(torch::autograd::impl::grad_accumulator(input), 0));
    }
    return result;
}

}  // namespace

ct_status ct_grad(const ct_tensor* outputs, const ct_tensor* gradients, int outputCount, const ct_tensor* inputs, int inputCount,
                  bool retainGraph, bool createGraph, ct_tensor* out) {
    return guarded([&] {
        torch::autograd::edge_list roots;
        for (int i = 0; i < outputCount; i++) {
            TORCH_CHECK(borrow(outputs[i]).requires_grad(), "output ", i, " of a gradient depends on nothing that requires one");
            roots.push_back(torch::autograd::impl::gradient_edge(borrow(outputs[i])));
        }
        auto results = torch::autograd::Engine::get_default_engine().execute(
            roots, list(gradients, outputCount), retainGraph, createGraph, /*accumulate_grad=*/false, edges(inputs, inputCount));
        for (int i = 0; i < inputCount; i++) out[i] = results[i].defined() ? own(results[i]) : nullptr;
    });
}
