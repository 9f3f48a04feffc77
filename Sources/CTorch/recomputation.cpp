// A part of a network whose inner activations are not kept: its backward pass runs its forward pass again (Chen et al.,
// arXiv 1604.06174).
#include <mutex>
#include <stdexcept>

#include "ct_autograd.h"
#include "internal.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#pragma clang diagnostic pop

using namespace ct;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

/// The caller's block, let go with the graph.
struct Block : torch::CustomClassHolder {
    void* context;
    ct_block body;
    ct_release release;

    Block(void* context, ct_block body, ct_release release) : context(context), body(body), release(release) {}
    ~Block() override { release(context); }

    at::Tensor operator()(const at::Tensor& input) const {
        ct_tensor output = nullptr;
        const ct_status status = body(context, own(input), &output);
        if (status == CT_OUT_OF_MEMORY) throw std::bad_alloc();
        if (status != CT_OK) throw std::runtime_error(ct_last_error());
        at::Tensor result = borrow(output);
        ct_free(output);
        return result;
    }
};

at::Tensor random_state(const at::Device& device) {
    auto generator = at::globalContext().defaultGenerator(device);
    std::lock_guard<std::mutex> lock(generator.mutex());
    return generator.get_state();
}

void set_random_state(const at::Device& device, const at::Tensor& state) {
    auto generator = at::globalContext().defaultGenerator(device);
    std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_state(state);
}

/// The random numbers of another time, as long as it lives.
struct PastRandomness {
    at::Device device;
    at::Tensor present;

    PastRandomness(const at::Device& device, const at::Tensor& past) : device(device), present(random_state(device)) {
        set_random_state(device, past);
    }
    ~PastRandomness() { set_random_state(device, present); }
};

/// Autocast as it was then, as long as it lives; without its cache, which would outlive the graph of what is in it.
struct PastAutocast {
    at::DeviceType type;
    bool enabled, caches;
    at::ScalarType dtype;

    PastAutocast(at::DeviceType type, bool wasEnabled, at::ScalarType pastType)
        : type(type), enabled(at::autocast::is_autocast_enabled(type)), caches(at::autocast::is_autocast_cache_enabled()),
          dtype(at::autocast::get_autocast_dtype(type)) {
        at::autocast::set_autocast_enabled(type, wasEnabled);
        at::autocast::set_autocast_dtype(type, pastType);
        at::autocast::set_autocast_cache_enabled(false);
    }
    ~PastAutocast() {
        at::autocast::set_autocast_enabled(type, enabled);
        at::autocast::set_autocast_dtype(type, dtype);
        at::autocast::set_autocast_cache_enabled(caches);
    }
};

struct Recomputation : torch::autograd::Function<Recomputation> {
    /// `anchor` requires a gradient, so that the block's own parameters get theirs even where the input needs none.
    static at::Tensor forward(AutogradContext* context, const at::Tensor& input, const at::Tensor& anchor,
                              const c10::intrusive_ptr<Block>& block) {
        (void)anchor;
        const auto type = input.device().type();
        const bool enabled = at::autocast::is_autocast_enabled(type);
        const auto dtype = at::autocast::get_autocast_dtype(type);
        context->save_for_backward({input});
        context->saved_data["block"] = c10::IValue::make_capsule(block);
        context->saved_data["random"] = random_state(input.device());
        context->saved_data["enabled"] = enabled;
        context->saved_data["dtype"] = static_cast<int64_t>(dtype);
        PastAutocast autocast(type, enabled, dtype);
        return (*block)(input);
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        const auto saved = context->get_saved_variables()[0];
        const auto capsule = context->saved_data["block"].toCapsule();
        auto input = saved.detach();
        input.set_requires_grad(context->needs_input_grad(0));
        at::Tensor output;
        {
            PastRandomness randomness(input.device(), context->saved_data["random"].toTensor());
            PastAutocast autocast(input.device().type(), context->saved_data["enabled"].toBool(),
                                  static_cast<at::ScalarType>(context->saved_data["dtype"].toInt()));
            at::AutoGradMode recording(true);
            output = (*static_cast<Block*>(capsule.get()))(input);
        }
        if (output.requires_grad()) torch::autograd::backward({output}, {gradients[0]});
        return {input.grad(), at::Tensor(), at::Tensor()};
    }
};

}  // namespace

ct_status ct_recompute(ct_tensor input, void* context, ct_block body, ct_release release, ct_tensor* out) {
    return guarded([&] {
        auto block = c10::make_intrusive<Block>(context, body, release);
        const auto& x = borrow(input);
        const auto anchor = at::empty({0}, x.options().dtype(at::kFloat)).set_requires_grad(true);
        *out = own(Recomputation::apply(x, anchor, block));
    });
}

ct_status ct_retain(ct_tensor x, ct_tensor* out) { CT_RETURN(borrow(x)); }
