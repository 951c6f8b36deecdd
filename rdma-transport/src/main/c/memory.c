/* Protection domains and memory regions. */
#define _GNU_SOURCE
#include "disni.h"

#include <errno.h>
#include <sys/resource.h>

DISPATCHER(jlong, allocPd)(JNIEnv *env, jobject self UNUSED, jlong context)
{
  struct handle *device = handle_get(env, context, KIND_CONTEXT);
  struct handle *handle = device == NULL ? NULL : handle_reserve(env, KIND_PD);
  if (handle == NULL)
    return -1;
  struct ibv_pd *pd = ibv_alloc_pd(device->object);
  if (pd == NULL) {
    throw_errno(env, "ibv_alloc_pd", errno);
    handle_release(handle);
    return -1;
  }
  return handle_publish(handle, pd);
}

DISPATCHER(jint, getPdHandle)(JNIEnv *env, jobject self UNUSED, jlong id)
{
  struct handle *handle = handle_get(env, id, KIND_PD);
  return handle == NULL ? -1 : (jint)((struct ibv_pd *)handle->object)->handle;
}

DISPATCHER(jint, deallocPd)(JNIEnv *env, jobject self UNUSED, jlong id)
{
  struct handle *handle = handle_claim(env, id, KIND_PD);
  if (handle == NULL)
    return -1;
  int error = ibv_dealloc_pd(handle->object);
  if (error != 0) {
    handle_put_back(handle);
    throw_errno(env, "ibv_dealloc_pd", verb_error(error));
    return -1;
  }
  handle_release(handle);
  return 0;
}

static void throw_registration(JNIEnv *env, int error)
{
  struct rlimit limit;
  if (error == ENOMEM && getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    throw_detail(env, "ibv_reg_mr", error, "this process may lock %llu KiB of memory (ulimit -l)",
                 (unsigned long long)limit.rlim_cur / 1024);
  else
    throw_errno(env, "ibv_reg_mr", error);
}

/* The keys and the number of the registration are stored at the three addresses. */
DISPATCHER(jlong, regMr)(JNIEnv *env, jobject self UNUSED, jlong pd, jlong address, jint length, jint access,
                         jlong lkey, jlong rkey, jlong number)
{
  struct handle *domain = handle_get(env, pd, KIND_PD);
  if (domain == NULL)
    return -1;
  if (length <= 0) {
    throw_detail(env, "ibv_reg_mr", EINVAL, "a region of %d bytes", length);
    return -1;
  }
  struct handle *handle = handle_reserve(env, KIND_MR);
  if (handle == NULL)
    return -1;
  struct ibv_mr *mr = ibv_reg_mr(domain->object, pointer(address), (size_t)length, access);
  if (mr == NULL) {
    throw_registration(env, errno);
    handle_release(handle);
    return -1;
  }
  *(uint32_t *)pointer(lkey) = mr->lkey;
  *(uint32_t *)pointer(rkey) = mr->rkey;
  *(uint32_t *)pointer(number) = mr->handle;
  handle->access = access;
  return handle_publish(handle, mr);
}

DISPATCHER(void, deregMr)(JNIEnv *env, jobject self UNUSED, jlong id)
{
  struct handle *handle = handle_claim(env, id, KIND_MR);
  if (handle == NULL)
    return;
  int error = ibv_dereg_mr(handle->object);
  if (error != 0) {
    handle_put_back(handle);
    throw_errno(env, "ibv_dereg_mr", verb_error(error));
    return;
  }
  handle_release(handle);
}

/* Fetches a part of a region that was registered for on-demand paging, and returns when it is there. */
DISPATCHER(jint, expPrefetchMr)(JNIEnv *env, jobject self UNUSED, jlong id, jlong address, jint length)
{
  struct handle *handle = handle_get(env, id, KIND_MR);
  if (handle == NULL)
    return -1;
  struct ibv_mr *mr = handle->object;
  struct ibv_sge range = {.addr = (uint64_t)address, .length = (uint32_t)length, .lkey = mr->lkey};
  bool writable = (handle->access & IBV_ACCESS_LOCAL_WRITE) != 0;
  int error = ibv_advise_mr(mr->pd, writable ? IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE : IBV_ADVISE_MR_ADVICE_PREFETCH,
                            IBV_ADVISE_MR_FLAG_FLUSH, &range, 1);
  if (error != 0)
    throw_errno(env, "ibv_advise_mr", verb_error(error));
  return error == 0 ? 0 : -1;
}
