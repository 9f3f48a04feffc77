#include "ct_random.h"

#include "internal.h"

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include <ATen/CPUGeneratorImpl.h>
#pragma clang diagnostic pop

using namespace ct;

struct ct_generator_s {
    at::Generator generator;
};

ct_status ct_generator_new(uint64_t seed, ct_generator* out) {
    // libtorch's CPU generator reads the lower half of its seed only.
    return guarded([&] { *out = new ct_generator_s{at::detail::createCPUGenerator(seed ^ seed >> 32)}; });
}
void ct_generator_free(ct_generator generator) { delete generator; }

ct_status ct_normal(const intptr_t* dims, int rank, double mean, double deviation, ct_generator generator, ct_tensor* out) {
    CT_RETURN(at::empty(sizes(dims, rank), at::kFloat).normal_(mean, deviation, generator->generator));
}
ct_status ct_uniform(const intptr_t* dims, int rank, double low, double high, ct_generator generator, ct_tensor* out) {
    CT_RETURN(at::empty(sizes(dims, rank), at::kFloat).uniform_(low, high, generator->generator));
}
ct_status ct_manual_seed(uint64_t seed) {
    return guarded([&] { at::manual_seed(seed); });
}
