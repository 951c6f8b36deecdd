/* Device contexts. librdmacm opens a device once, for all connections of the process, and keeps it open. */
#include "disni.h"

#include <errno.h>
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct handle *known(const struct ibv_context *context)
{
  uint32_t index = 0;
  struct handle *handle;
  while ((handle = handle_next(&index, KIND_CONTEXT)) != NULL) {
    if (handle->object == context)
      return handle;
  }
  return NULL;
}

static jlong add(JNIEnv *env, struct ibv_context *context)
{
  struct handle *handle = handle_reserve(env, KIND_CONTEXT);
  if (handle == NULL)
    return -1;
  if (set_nonblocking(context->async_fd) != 0) {
    throw_errno(env, "fcntl", errno);
    handle_release(handle);
    return -1;
  }
  return handle_publish(handle, context);
}

jlong context_id(JNIEnv *env, struct ibv_context *context)
{
  pthread_mutex_lock(&lock);
  struct handle *handle = known(context);
  jlong id = handle != NULL ? handle->reserved_id : add(env, context);
  pthread_mutex_unlock(&lock);
  return id;
}

/* -1, which Java takes for "none yet": the address is not resolved, or listens on all devices. */
DISPATCHER(jlong, getContext)(JNIEnv *env, jobject self UNUSED, jlong id)
{
  struct handle *handle = handle_get(env, id, KIND_CM_ID);
  if (handle == NULL)
    return -1;
  struct ibv_context *context = ((struct rdma_cm_id *)handle->object)->verbs;
  return context == NULL ? -1 : context_id(env, context);
}

DISPATCHER(jint, getContextFd)(JNIEnv *env, jobject self UNUSED, jlong id)
{
  struct handle *handle = handle_get(env, id, KIND_CONTEXT);
  return handle == NULL ? -1 : ((struct ibv_context *)handle->object)->cmd_fd;
}

DISPATCHER(jint, getContextNumCompVectors)(JNIEnv *env, jobject self UNUSED, jlong id)
{
  struct handle *handle = handle_get(env, id, KIND_CONTEXT);
  return handle == NULL ? -1 : ((struct ibv_context *)handle->object)->num_comp_vectors;
}

/* The operations that a reliable connection can do on memory registered for on-demand paging; -1: none. */
DISPATCHER(jint, queryOdpSupport)(JNIEnv *env, jobject self UNUSED, jlong id)
{
  struct handle *handle = handle_get(env, id, KIND_CONTEXT);
  if (handle == NULL)
    return -1;
  struct ibv_device_attr_ex attributes;
  int error = ibv_query_device_ex(handle->object, NULL, &attributes);
  if (error != 0) {
    throw_errno(env, "ibv_query_device_ex", verb_error(error));
    return -1;
  }
  if ((attributes.odp_caps.general_caps & IBV_ODP_SUPPORT) == 0)
    return -1;
  return (jint)attributes.odp_caps.per_transport_caps.rc_odp_caps;
}
