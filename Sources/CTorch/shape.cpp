#include "ct_shape.h"

#include "internal.h"

using namespace ct;

ct_status ct_reshape(ct_tensor x, const intptr_t* dims, int rank, ct_tensor* out) {
    CT_RETURN(at::reshape(borrow(x), sizes(dims, rank)));
}
ct_status ct_expand(ct_tensor x, const intptr_t* dims, int rank, ct_tensor* out) { CT_RETURN(borrow(x).expand(sizes(dims, rank))); }
ct_status ct_permute(ct_tensor x, const intptr_t* dims, int rank, ct_tensor* out) {
    CT_RETURN(at::permute(borrow(x), sizes(dims, rank)));
}
ct_status ct_transpose(ct_tensor x, int a, int b, ct_tensor* out) { CT_RETURN(at::transpose(borrow(x), a, b)); }
ct_status ct_unsqueeze(ct_tensor x, int dimension, ct_tensor* out) { CT_RETURN(at::unsqueeze(borrow(x), dimension)); }
ct_status ct_squeeze(ct_tensor x, int dimension, ct_tensor* out) { CT_RETURN(at::squeeze(borrow(x), dimension)); }
ct_status ct_flip(ct_tensor x, int dimension, ct_tensor* out) { CT_RETURN(at::flip(borrow(x), dimension)); }
ct_status ct_slice(ct_tensor x, int dimension, intptr_t start, intptr_t end, intptr_t step, ct_tensor* out) {
    CT_RETURN(at::slice(borrow(x), dimension, start, end, step));
}
ct_status ct_chunk(ct_tensor x, int pieces, int dimension, ct_tensor* out) {
    return guarded([&] {
        TORCH_CHECK(pieces > 0 && borrow(x).size(dimension) % pieces == 0, "a dimension of ", borrow(x).size(dimension),
                    " elements does not divide into ", pieces, " equal pieces");
        auto chunks = at::chunk(borrow(x), pieces, dimension);
        for (int i = 0; i < pieces; i++) out[i] = own(std::move(chunks[i]));
    });
}
ct_status ct_cat(const ct_tensor* tensors, int count, int dimension, ct_tensor* out) {
    CT_RETURN(at::cat(list(tensors, count), dimension));
}
ct_status ct_stack(const ct_tensor* tensors, int count, int dimension, ct_tensor* out) {
    CT_RETURN(at::stack(list(tensors, count), dimension));
}
ct_status ct_gather(ct_tensor x, int dimension, ct_tensor index, ct_tensor* out) {
    CT_RETURN(at::gather(borrow(x), dimension, borrow(index)));
}
ct_status ct_scatter(ct_tensor x, int dimension, ct_tensor index, ct_tensor source, ct_tensor* out) {
    CT_RETURN(at::scatter(borrow(x), dimension, borrow(index), borrow(source)));
}
ct_status ct_index_select(ct_tensor x, int dimension, ct_tensor index, ct_tensor* out) {
    CT_RETURN(at::index_select(borrow(x), dimension, borrow(index)));
}
ct_status ct_masked_select(ct_tensor x, ct_tensor mask, ct_tensor* out) { CT_RETURN(at::masked_select(borrow(x), borrow(mask))); }
ct_status ct_repeat_interleave(ct_tensor x, intptr_t repeats, int dimension, ct_tensor* out) {
    CT_RETURN(at::repeat_interleave(borrow(x), repeats, dimension));
}
ct_status ct_tril(ct_tensor x, intptr_t diagonal, ct_tensor* out) { CT_RETURN(at::tril(borrow(x), diagonal)); }
ct_status ct_one_hot(ct_tensor x, intptr_t classes, ct_tensor* out) { CT_RETURN(at::one_hot(borrow(x), classes)); }
