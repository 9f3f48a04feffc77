#pragma once
// Processes that compute together: c10d's store, its process group over Gloo and NCCL, and its reducer of gradients.
#include "ct_status.h"

typedef struct ct_store_s* ct_store;
typedef struct ct_group_s* ct_group;
typedef struct ct_work_s* ct_work;
typedef struct ct_reducer_s* ct_reducer;

/// A key-value store over TCP that one process hosts and all connect to. A hosted store takes a free port where `port` is 0.
CT_API ct_status ct_store_open(const char* host, int port, bool isHost, double timeout, ct_store* out);
CT_API int ct_store_port(ct_store store);
CT_API ct_status ct_store_set(ct_store store, const char* key, const void* bytes, size_t count);
/// Waits up to `timeout` seconds for a key and hands its bytes to `take(context, bytes, count)`.
CT_API ct_status ct_store_get(ct_store store, const char* key, double timeout, void* context,
                              void (*take)(void*, const void*, size_t));
/// Sets a key that is absent; hands the bytes that it has then to `take`. Of several processes that do so one sets it.
CT_API ct_status ct_store_set_first(ct_store store, const char* key, const void* bytes, size_t count, void* context,
                                    void (*take)(void*, const void*, size_t));
CT_API ct_status ct_store_has(ct_store store, const char* key, bool* out);
CT_API void ct_store_free(ct_store store);

/// The address of this machine that reaches `host`, as text; sends nothing.
CT_API ct_status ct_local_address(const char* host, int port, char* text, size_t capacity);

/// Waits until all ranks are there, over Gloo. `address` is this rank's own, which the others connect to.
CT_API ct_status ct_group_new(ct_store store, const char* prefix, int rank, int count, const char* address, double timeout,
                              ct_group* out);
CT_API void ct_group_free(ct_group group);

/// Loads the library with NCCL's backend, once; fails with what is missing and what to do about it.
CT_API ct_status ct_nccl_load(void);
/// What tells a CUDA device from all others, on whatever machine.
CT_API ct_status ct_cuda_identity(int device, char* text, size_t capacity);
/// Has the group's collectives on tensors of CUDA devices go over NCCL, and makes `device` this thread's current one.
CT_API ct_status ct_group_connect(ct_group group, int device, double timeout);
/// Ends collectives on CUDA devices that a lost rank would keep waiting for ever. None can begin after it.
CT_API ct_status ct_group_abort(ct_group group);

typedef enum { CT_SUM = 0, CT_MAXIMUM = 1 } ct_reduction;
// Collectives, which all ranks call in the same order. They work in the background until ct_work_wait, in place.
CT_API ct_status ct_all_reduce(ct_group group, ct_tensor x, ct_reduction reduction, ct_work* out);
CT_API ct_status ct_broadcast(ct_group group, ct_tensor x, int root, ct_work* out);
/// x of each rank, in `parts` of the same shape.
CT_API ct_status ct_all_gather(ct_group group, ct_tensor x, const ct_tensor* parts, int count, ct_work* out);
CT_API ct_status ct_barrier(ct_group group, ct_work* out);
CT_API bool ct_work_is_done(ct_work work);
CT_API ct_status ct_work_wait(ct_work work);
CT_API void ct_work_free(ct_work work);

/// Averages gradients over the ranks while the backward pass runs, bucket by bucket from the last parameter to the first.
/// All ranks take part in making it.
CT_API ct_status ct_reducer_new(ct_group group, const ct_tensor* parameters, int count, intptr_t firstBucketBytes,
                                intptr_t bucketBytes, ct_reducer* out);
/// Before a forward pass whose gradients are to be averaged.
CT_API ct_status ct_reducer_before_forward(ct_reducer reducer);
/// Between that and its backward pass; without it, the backward pass adds gradients up on its own rank.
CT_API ct_status ct_reducer_before_backward(ct_reducer reducer);
CT_API int ct_reducer_bucket_count(ct_reducer reducer);
CT_API void ct_reducer_free(ct_reducer reducer);
