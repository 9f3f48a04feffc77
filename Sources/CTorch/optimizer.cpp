#include "ct_optimizer.h"

#include "internal.h"

using namespace ct;

ct_status ct_fused_adamw(const ct_tensor* parameters, const ct_tensor* firstMoments, const ct_tensor* secondMoments,
                         const ct_tensor* steps, int count, double learningRate, double beta1, double beta2, double weightDecay,
                         double epsilon) {
    return guarded([&] {
        c10::NoGradGuard guard;
        std::vector<at::Tensor> values, gradients, first, second, counters;
        for (int i = 0; i < count; i++) {
            const auto& parameter = borrow(parameters[i]);
            if (!parameter.grad().defined()) continue;
            values.push_back(parameter);
            gradients.push_back(parameter.grad());
            first.push_back(borrow(firstMoments[i]));
            second.push_back(borrow(secondMoments[i]));
            counters.push_back(borrow(steps[i]));
        }
        if (values.empty()) return;
        at::_foreach_add_(counters, 1);
        at::_fused_adamw_(values, gradients, first, second, {}, counters, learningRate, beta1, beta2, weightDecay, epsilon,
                          /*amsgrad=*/false, /*maximize=*/false);
    });
}

ct_status ct_clip_gradient_norm(const ct_tensor* parameters, int count, double maximum, double* norm) {
    return guarded([&] {
        c10::NoGradGuard guard;
        std::vector<at::Tensor> gradients;
        for (int i = 0; i < count; i++)
            if (borrow(parameters[i]).grad().defined()) gradients.push_back(borrow(parameters[i]).grad());
        *norm = 0;
        if (gradients.empty()) return;
        *norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients))).item().toDouble();
        // The same guard against division by zero as torch.nn.utils.clip_grad_norm_.
        if (maximum > 0 && *norm > maximum) at::_foreach_mul_(gradients, maximum / (*norm + 1e-6));
    });
}

ct_status ct_zero_gradients(const ct_tensor* parameters, int count) {
    return guarded([&] {
        for (int i = 0; i < count; i++) borrow(parameters[i]).mutable_grad().reset();
    });
}
