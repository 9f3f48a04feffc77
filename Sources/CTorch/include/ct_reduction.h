#pragma once
// Reductions over dimensions (none given: over all) and orderings along one.
#include "ct_status.h"

#define CT_REDUCTION(name) \
    CT_API ct_status ct_##name(ct_tensor x, const intptr_t* dimensions, int count, bool keepDimensions, ct_tensor* out)

CT_REDUCTION(sum); CT_REDUCTION(mean); CT_REDUCTION(amax); CT_REDUCTION(amin); CT_REDUCTION(logsumexp); CT_REDUCTION(norm);

CT_API ct_status ct_variance(ct_tensor x, const intptr_t* dimensions, int count, double correction, bool keepDimensions,
                             ct_tensor* out);
CT_API ct_status ct_argmax(ct_tensor x, int dimension, ct_tensor* out);
CT_API ct_status ct_cumsum(ct_tensor x, int dimension, ct_tensor* out);
CT_API ct_status ct_topk(ct_tensor x, intptr_t k, int dimension, ct_tensor* values, ct_tensor* indices);
CT_API ct_status ct_sort(ct_tensor x, int dimension, bool descending, ct_tensor* values, ct_tensor* indices);
