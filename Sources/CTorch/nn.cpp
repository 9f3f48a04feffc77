#include "ct_nn.h"

#include "causal_attention.h"
#include "internal.h"
#include "normalization.h"
#include "outer_products.h"
#include "short_attention.h"

using namespace ct;

ct_status ct_matmul(ct_tensor a, ct_tensor b, ct_tensor* out) {
    return ct::returning(out, [&] {
        const auto &x = borrow(a), &y = borrow(b);
        return prefers_outer_products(x, y) ? outer_products(x, y) : at::matmul(x, y);
    });
}
ct_status ct_embedding(ct_tensor weight, ct_tensor indices, ct_tensor* out) {
    CT_RETURN(at::embedding(borrow(weight), borrow(indices)));
}
ct_status ct_layer_norm(ct_tensor x, ct_tensor weight, ct_tensor bias, intptr_t features, double epsilon, ct_tensor* out) {
    return ct::returning(out, [&] {
        if (weight && bias && prefers_own_norm(borrow(x), borrow(weight)) && prefers_own_norm(borrow(x), borrow(bias)))
            return layer_norm(borrow(x), borrow(weight), borrow(bias), epsilon);
        return at::layer_norm(borrow(x), {features}, maybe(weight), maybe(bias), epsilon);
    });
}
ct_status ct_rms_norm(ct_tensor x, ct_tensor weight, intptr_t features, double epsilon, ct_tensor* out) {
    return ct::returning(out, [&] {
        if (weight && prefers_own_norm(borrow(x), borrow(weight))) return rms_norm(borrow(x), borrow(weight), epsilon);
        return at::rms_norm(borrow(x), {features}, maybe(weight), epsilon);
    });
}
ct_status ct_group_norm(ct_tensor x, intptr_t groups, ct_tensor weight, ct_tensor bias, double epsilon, ct_tensor* out) {
    CT_RETURN(at::group_norm(borrow(x), groups, maybe(weight), maybe(bias), epsilon));
}
ct_status ct_softmax(ct_tensor x, int dimension, ct_tensor* out) { CT_RETURN(at::softmax(borrow(x), dimension)); }
ct_status ct_log_softmax(ct_tensor x, int dimension, ct_tensor* out) { CT_RETURN(at::log_softmax(borrow(x), dimension)); }
ct_status ct_dropout(ct_tensor x, double probability, ct_tensor* out) {
    CT_RETURN(at::dropout(borrow(x), probability, /*train=*/true));
}
ct_status ct_attention(ct_tensor query, ct_tensor key, ct_tensor value, ct_tensor mask, ct_tensor firsts, double dropout,
                       bool causal, double scale, bool groupedQueries, ct_tensor* out) {
    return ct::returning(out, [&] {
        const auto &q = borrow(query), &k = borrow(key), &v = borrow(value);
        TORCH_CHECK(!firsts || mask, "the first keys that are seen come without the mask that they stand for");
        const bool isPlain = !mask && dropout == 0 && !causal && !groupedQueries;
        if (isPlain && prefers_short_attention(q, k, v)) return short_attention(q, k, v, scale);
        const bool isRun = dropout == 0 && (firsts || (causal && !mask));
        if (isRun && prefers_causal_attention(q, k, v))
            return causal_attention(q, k, v, firsts ? borrow(firsts) : at::Tensor(), scale);
        return at::scaled_dot_product_attention(q, k, v, maybe(mask), dropout, causal, scale, groupedQueries);
    });
}
ct_status ct_conv2d(ct_tensor x, ct_tensor weight, ct_tensor bias, intptr_t stride, intptr_t padding, intptr_t groups,
                    ct_tensor* out) {
    CT_RETURN(at::conv2d(borrow(x), borrow(weight), maybe(bias), {stride, stride}, {padding, padding}, {1, 1}, groups));
}
ct_status ct_conv_transpose2d(ct_tensor x, ct_tensor weight, ct_tensor bias, intptr_t stride, intptr_t padding, ct_tensor* out) {
    CT_RETURN(at::conv_transpose2d(borrow(x), borrow(weight), maybe(bias), {stride, stride}, {padding, padding}));
}
ct_status ct_interpolate_bilinear(ct_tensor x, intptr_t height, intptr_t width, bool alignCorners, ct_tensor* out) {
    CT_RETURN(at::upsample_bilinear2d(borrow(x), {height, width}, alignCorners));
}
ct_status ct_cross_entropy(ct_tensor logits, ct_tensor target, ct_reduce reduction, int64_t ignoredIndex, double labelSmoothing,
                           ct_tensor* out) {
    CT_RETURN(at::cross_entropy_loss(borrow(logits), borrow(target), {}, reduction, ignoredIndex, labelSmoothing));
}
