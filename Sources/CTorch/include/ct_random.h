#pragma once
// Random numbers: an own generator for initialisation, the default one for dropout.
#include "ct_tensor.h"

typedef struct ct_generator_s* ct_generator;

CT_API ct_status ct_generator_new(uint64_t seed, ct_generator* out);
CT_API void ct_generator_free(ct_generator generator);
CT_API ct_status ct_normal(const intptr_t* sizes, int rank, double mean, double deviation, ct_generator generator, ct_tensor* out);
CT_API ct_status ct_uniform(const intptr_t* sizes, int rank, double low, double high, ct_generator generator, ct_tensor* out);
/// Seeds the default generators of every device.
CT_API ct_status ct_manual_seed(uint64_t seed);
