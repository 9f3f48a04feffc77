#include <optional>

#include "ct_loss.h"
#include "fast_matmul.h"
#include "matrix_product.h"
#include "softmax_rows.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#pragma clang diagnostic pop

using namespace ct;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

// What the forward pass hands out beside its losses; filled only where asked for.
struct Details {
    bool wanted;
    at::Tensor squares, hits;
};

// The three products of a head [V, D] with hidden states [N, D], on the kernels that are switched on.
struct Products {
    const at::Tensor& weight;
    const std::optional<Operands> own;
    std::optional<FastMatmul> guard;

    Products(const at::Tensor& hidden, const at::Tensor& weight) : weight(weight), own(own_operands(hidden, weight)) {
        if (prefers_fast_matmul(hidden, weight)) guard.emplace();
    }

    // Products stay in the type of `hidden`; everything after them is fp32.
    at::Tensor logits(const at::Tensor& hidden) const {
        return own ? product(hidden, weight.t(), *own) : at::linear(hidden, weight).to(at::kFloat);
    }
    at::Tensor hidden_gradient(const at::Tensor& delta) const {
        return own ? product(delta, weight, *own) : at::mm(delta, weight);
    }
    void add_weight_gradient(at::Tensor& sum, const at::Tensor& delta, const at::Tensor& hidden) const {
        if (own) add_product(sum, delta.t(), hidden, *own);
        else if (weight.scalar_type() == at::kFloat) sum.addmm_(delta.t(), hidden);
        else sum.add_(at::mm(delta.t(), hidden));
    }
};

struct LinearCrossEntropy : torch::autograd::Function<LinearCrossEntropy> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& hidden, const at::Tensor& weight,
                              const at::Tensor& targets, int64_t rows, int64_t keptBytes, Details* details) {
        const Products products(hidden, weight);
        const int64_t count = hidden.size(0);
        auto losses = at::empty({count}, hidden.options().dtype(at::kFloat));
        auto normalizers = at::empty_like(losses);
        if (details->wanted) details->squares = at::empty_like(losses), details->hits = at::empty_like(losses);
        std::vector<at::Tensor> kept;
        for (int64_t start = 0; start < count; start += rows) {
            const int64_t end = std::min(start + rows, count);
            auto logits = products.logits(hidden.slice(0, start, end));
            auto target = targets.slice(0, start, end).unsqueeze(1);
            auto normalizer = row_logarithms(logits);
            normalizers.slice(0, start, end).copy_(normalizer);
            losses.slice(0, start, end).copy_(normalizer - logits.gather(1, target).squeeze(1));
            if (details->wanted) describe(*details, logits, normalizer, target, start, end);
            keptBytes -= static_cast<int64_t>(logits.nbytes());
            if (keptBytes >= 0) kept.push_back(std::move(logits));
        }
        variable_list saved{hidden, weight, targets, normalizers};
        saved.insert(saved.end(), kept.begin(), kept.end());
        context->save_for_backward(std::move(saved));
        context->saved_data["rows"] = rows;
        return losses;
    }

    static void describe(Details& details, const at::Tensor& logits, const at::Tensor& normalizer, const at::Tensor& target,
                         int64_t start, int64_t end) {
        details.squares.slice(0, start, end).copy_((logits * 2).logsumexp(1).sub_(normalizer * 2).exp_());
        details.hits.slice(0, start, end).copy_(logits.argmax(1).eq(target.squeeze(1)));
    }

    // d loss / d logits = softmax − onehot, so each chunk's share of both gradients follows from its logits alone. Rows whose
    // loss has no gradient, such as tokens that are not taught, take no part in the products.
    static variable_list backward(AutogradContext* context, variable_list gradients) {
        TORCH_CHECK_NOT_IMPLEMENTED(!c10::GradMode::is_enabled(), "this loss has no second derivative");
        auto saved = context->get_saved_variables();
        const auto &hidden = saved[0], &weight = saved[1], &targets = saved[2], &normalizers = saved[3];
        const Products products(hidden, weight);
        const int64_t rows = context->saved_data["rows"].toInt(), count = hidden.size(0);
        const auto gradient = gradients[0].to(at::kFloat).contiguous();
        const bool wantsHidden = context->needs_input_grad(0), wantsWeight = context->needs_input_grad(1);
        auto hiddenGradient = wantsHidden ? at::empty_like(hidden) : at::Tensor();
        auto weightGradient = wantsWeight ? at::zeros_like(weight, weight.options().dtype(at::kFloat), at::MemoryFormat::Contiguous) : at::Tensor();
        size_t chunk = 4;
        for (int64_t start = 0; start < count; start += rows, chunk++) {
            const int64_t end = std::min(start + rows, count);
            // Elsewhere than on the CPU the host would wait for their number.
            const auto live = gradient.is_cpu() ? gradient.slice(0, start, end).nonzero().squeeze(1) : at::Tensor();
            const bool isPart = live.defined() && live.size(0) < end - start;
            auto taken = [&](const at::Tensor& chunkOf) { return isPart ? chunkOf.index_select(0, live) : chunkOf; };
            auto part = [&](const at::Tensor& x) { return taken(x.slice(0, start, end)); };
            if (wantsHidden && isPart) hiddenGradient.slice(0, start, end).zero_();
            if (isPart && live.size(0) == 0) continue;
            auto input = part(hidden);
            auto logits = chunk < saved.size() ? taken(saved[chunk]) : products.logits(input);
            auto delta = cross_entropy_gradient(logits, part(normalizers), part(targets), part(gradient)).to(hidden.scalar_type());
            if (wantsHidden && isPart) hiddenGradient.slice(0, start, end).index_copy_(0, live, products.hidden_gradient(delta));
            else if (wantsHidden) hiddenGradient.slice(0, start, end).copy_(products.hidden_gradient(delta));
            if (wantsWeight) products.add_weight_gradient(weightGradient, delta, input);
        }
        if (wantsWeight) weightGradient = weightGradient.to(weight.scalar_type());
        return {hiddenGradient, weightGradient, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
    }
};

// The type of the head's products. The casts to it are ordinary operations outside the function, so that gradients come back
// in the weights' type.
at::ScalarType product_type(const at::Tensor& hidden, const at::Tensor& weight) {
    const auto device = hidden.device().type();
    if (at::autocast::is_autocast_enabled(device)) return at::autocast::get_autocast_dtype(device);
    return !own_operands(hidden, weight) && prefers_bfloat16_matmul(hidden, weight) ? at::kBFloat16 : hidden.scalar_type();
}

}  // namespace

ct_status ct_linear_cross_entropy(ct_tensor hiddenHandle, ct_tensor weightHandle, ct_tensor targetsHandle, intptr_t rows,
                                  intptr_t keptBytes, ct_tensor* losses, ct_tensor* squares, ct_tensor* hits) {
    return guarded([&] {
        const auto &hidden = borrow(hiddenHandle), &weight = borrow(weightHandle), &targets = borrow(targetsHandle);
        TORCH_CHECK(hidden.dim() == 2 && weight.dim() == 2 && hidden.size(1) == weight.size(1), "hidden states of shape ",
                    hidden.sizes(), " do not fit a head of shape ", weight.sizes());
        TORCH_CHECK(targets.dim() == 1 && targets.size(0) == hidden.size(0) && targets.scalar_type() == at::kLong,
                    "targets of shape ", targets.sizes(), " do not fit hidden states of shape ", hidden.sizes());
        TORCH_CHECK(rows > 0, "a chunk has ", rows, " rows, expected at least 1");
        Details details{squares != nullptr, {}, {}};
        const auto products = product_type(hidden, weight);
        auto input = hidden.to(products), head = weight.to(products);
        // The function computes in the type it is given; autocast would cast its operands once more.
        const auto type = hidden.device().type();
        const bool wasEnabled = at::autocast::is_autocast_enabled(type);
        at::autocast::set_autocast_enabled(type, false);
        struct Restoring {
            at::DeviceType type;
            bool enabled;
            ~Restoring() { at::autocast::set_autocast_enabled(type, enabled); }
        } restoring{type, wasEnabled};
        const int64_t kept = c10::GradMode::is_enabled() ? static_cast<int64_t>(keptBytes) : 0;
        auto result = LinearCrossEntropy::apply(input, head, targets, static_cast<int64_t>(rows), kept, &details);
        *losses = own(std::move(result));
        if (squares) *squares = own(std::move(details.squares));
        if (hits) *hits = own(std::move(details.hits));
    });
}

ct_status ct_sum_by_owner(ct_tensor x, ct_tensor owners, intptr_t count, ct_tensor* out) {
    CT_RETURN(at::zeros({count}, borrow(x).options()).index_add(0, borrow(owners), borrow(x)));
}
