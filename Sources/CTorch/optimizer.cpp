#include "ct_optimizer.h"

#include "internal.h"

using namespace ct;

ct_status ct_fused_adamw(const ct_tensor* parameters, const ct_tensor* firstMoments, const ct_tensor* secondMoments,
                         const ct_tensor* steps, int count, double learningRate, double beta1, double beta2, double weightDecay,
                         double epsilon, ct_tensor norm) {
    return guarded([&] {
        c10::NoGradGuard guard;
        std::vector<at::Tensor> values, gradients, first, second, counters;
        for (int i = 0; i < count; i++) {
            const auto& parameter = borrow(parameters[i]);
            if (!parameter.grad().defined()) continue;
            TORCH_CHECK(parameter.is_non_overlapping_and_dense(), "parameter ", i, " has elements that share memory, or gaps");
            values.push_back(parameter);
            gradients.push_back(parameter.grad());
            first.push_back(borrow(firstMoments[i]));
            second.push_back(borrow(secondMoments[i]));
            counters.push_back(borrow(steps[i]));
        }
        if (values.empty()) return;
        at::_foreach_add_(counters, 1);
        std::optional<at::Tensor> isSpoilt;
        if (norm) isSpoilt = at::isfinite(borrow(norm)).logical_not().to(at::kFloat);
        at::_fused_adamw_(values, gradients, first, second, {}, counters, learningRate, beta1, beta2, weightDecay, epsilon,
                          /*amsgrad=*/false, /*maximize=*/false, /*grad_scale=*/std::nullopt, isSpoilt);
        // The kernel leaves all else alone by itself.
        if (isSpoilt) at::_foreach_sub_(counters, std::vector<at::Tensor>(counters.size(), *isSpoilt));
    });
}

namespace {

std::vector<at::Tensor> gradients_of(const ct_tensor* parameters, int count) {
    std::vector<at::Tensor> gradients;
    for (int i = 0; i < count; i++)
        if (borrow(parameters[i]).grad().defined()) gradients.push_back(borrow(parameters[i]).grad());
    return gradients;
}

at::Tensor norm_of(const std::vector<at::Tensor>& gradients) {
    return at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients)));
}

}  // namespace

ct_status ct_clip_gradient_norm(const ct_tensor* parameters, int count, double maximum, double* norm) {
    return guarded([&] {
        c10::NoGradGuard guard;
        const auto gradients = gradients_of(parameters, count);
        *norm = 0;
        if (gradients.empty()) return;
        *norm = norm_of(gradients).item().toDouble();
        // The same guard against division by zero as torch.nn.utils.clip_grad_norm_.
        if (maximum > 0 && *norm > maximum) at::_foreach_mul_(gradients, maximum / (*norm + 1e-6));
    });
}

ct_status ct_clip_gradient_norm_unread(const ct_tensor* parameters, int count, double maximum, ct_tensor* norm) {
    return returning(norm, [&] {
        c10::NoGradGuard guard;
        const auto gradients = gradients_of(parameters, count);
        if (gradients.empty()) return at::zeros({}, borrow(parameters[0]).options().dtype(at::kFloat));
        const auto found = norm_of(gradients);
        if (maximum > 0) at::_foreach_mul_(gradients, (maximum / (found + 1e-6)).clamp_max(1));
        return found;
    });
}

ct_status ct_zero_gradients(const ct_tensor* parameters, int count) {
    return guarded([&] {
        for (int i = 0; i < count; i++) borrow(parameters[i]).mutable_grad().reset();
    });
}
