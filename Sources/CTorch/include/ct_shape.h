#pragma once
// Views, joins and indexing.
#include "ct_status.h"

CT_API ct_status ct_reshape(ct_tensor x, const intptr_t* sizes, int rank, ct_tensor* out);
CT_API ct_status ct_expand(ct_tensor x, const intptr_t* sizes, int rank, ct_tensor* out);
CT_API ct_status ct_permute(ct_tensor x, const intptr_t* dimensions, int rank, ct_tensor* out);
CT_API ct_status ct_transpose(ct_tensor x, int a, int b, ct_tensor* out);
CT_API ct_status ct_unsqueeze(ct_tensor x, int dimension, ct_tensor* out);
CT_API ct_status ct_squeeze(ct_tensor x, int dimension, ct_tensor* out);
CT_API ct_status ct_flip(ct_tensor x, int dimension, ct_tensor* out);
CT_API ct_status ct_slice(ct_tensor x, int dimension, intptr_t start, intptr_t end, intptr_t step, ct_tensor* out);
/// Equal pieces; `out` has room for `pieces` tensors and the dimension divides evenly.
CT_API ct_status ct_chunk(ct_tensor x, int pieces, int dimension, ct_tensor* out);
CT_API ct_status ct_cat(const ct_tensor* tensors, int count, int dimension, ct_tensor* out);
CT_API ct_status ct_stack(const ct_tensor* tensors, int count, int dimension, ct_tensor* out);
CT_API ct_status ct_gather(ct_tensor x, int dimension, ct_tensor index, ct_tensor* out);
CT_API ct_status ct_scatter(ct_tensor x, int dimension, ct_tensor index, ct_tensor source, ct_tensor* out);
CT_API ct_status ct_index_select(ct_tensor x, int dimension, ct_tensor index, ct_tensor* out);
CT_API ct_status ct_masked_select(ct_tensor x, ct_tensor mask, ct_tensor* out);
CT_API ct_status ct_repeat_interleave(ct_tensor x, intptr_t repeats, int dimension, ct_tensor* out);
CT_API ct_status ct_tril(ct_tensor x, intptr_t diagonal, ct_tensor* out);
CT_API ct_status ct_one_hot(ct_tensor x, intptr_t classes, ct_tensor* out);
