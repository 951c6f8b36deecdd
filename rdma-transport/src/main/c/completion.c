/* Completion channels and completion queues. */
#include "disni.h"

#include <errno.h>

DISPATCHER(jlong, createCompChannel)(JNIEnv *env, jobject self UNUSED, jlong context)
{
  struct handle *device = handle_get(env, context, KIND_CONTEXT);
  struct handle *handle = device == NULL ? NULL : handle_reserve(env, KIND_COMP_CHANNEL);
  if (handle == NULL)
    return -1;
  struct ibv_comp_channel *channel = ibv_create_comp_channel(device->object);
  if (channel == NULL) {
    throw_errno(env, "ibv_create_comp_channel", errno);
    handle_release(handle);
    return -1;
  }
  if (set_nonblocking(channel->fd) != 0) {
    throw_errno(env, "fcntl", errno);
    ibv_destroy_comp_channel(channel);
    handle_release(handle);
    return -1;
  }
  return handle_publish(handle, channel);
}

DISPATCHER(jint, destroyCompChannel)(JNIEnv *env, jobject self UNUSED, jlong id)
{
  struct handle *handle = handle_claim(env, id, KIND_COMP_CHANNEL);
  if (handle == NULL)
    return -1;
  int error = ibv_destroy_comp_channel(handle->object);
  if (error != 0) {
    handle_put_back(handle);
    throw_errno(env, "ibv_destroy_comp_channel", verb_error(error));
    return -1;
  }
  handle_release(handle);
  return 0;
}

DISPATCHER(jlong, createCQ)(JNIEnv *env, jobject self UNUSED, jlong context, jlong comp_channel, jint entries,
                            jint vector)
{
  struct handle *device = handle_get(env, context, KIND_CONTEXT);
  struct handle *channel = device == NULL ? NULL : handle_get(env, comp_channel, KIND_COMP_CHANNEL);
  struct handle *handle = channel == NULL ? NULL : handle_reserve(env, KIND_CQ);
  if (handle == NULL)
    return -1;
  /* The queue's handle is its context: so an event finds the queue that it counts for. */
  struct ibv_cq *cq = ibv_create_cq(device->object, entries, handle, channel->object, vector);
  if (cq == NULL) {
    throw_detail(env, "ibv_create_cq", errno, "%d entries, completion vector %d", entries, vector);
    handle_release(handle);
    return -1;
  }
  return handle_publish(handle, cq);
}

/* Acknowledges at most the events that were taken: one too many, and destroying the queue never ends. */
static void acknowledge(struct handle *handle, uint32_t count)
{
  uint32_t taken = atomic_load(&handle->unacknowledged);
  uint32_t acknowledged;
  do {
    acknowledged = count < taken ? count : taken;
  } while (!atomic_compare_exchange_weak(&handle->unacknowledged, &taken, taken - acknowledged));
  if (acknowledged > 0)
    ibv_ack_cq_events(handle->object, acknowledged);
}

DISPATCHER(jint, destroyCQ)(JNIEnv *env, jobject self UNUSED, jlong id)
{
  struct handle *handle = handle_claim(env, id, KIND_CQ);
  if (handle == NULL)
    return -1;
  acknowledge(handle, UINT32_MAX);
  int error = ibv_destroy_cq(handle->object);
  if (error != 0) {
    handle_put_back(handle);
    throw_errno(env, "ibv_destroy_cq", verb_error(error));
    return -1;
  }
  handle_release(handle);
  return 0;
}

/* HOT: neither blocks nor allocates. Java's buffer has room for `count` entries, or this writes past it. */
DISPATCHER(jint, pollCQ)(JNIEnv *env, jobject self UNUSED, jlong id, jint count, jlong completions)
{
  struct handle *handle = handle_get(env, id, KIND_CQ);
  if (handle == NULL)
    return -1;
  if (count <= 0 || completions == 0) {
    throw_detail(env, "ibv_poll_cq", EINVAL, "%d entries", count);
    return -1;
  }
  int polled = ibv_poll_cq(handle->object, count, pointer(completions));
  if (polled < 0)
    throw_errno(env, "ibv_poll_cq", polled == -1 ? EIO : -polled);
  return polled;
}

/* HOT */
DISPATCHER(jint, reqNotifyCQ)(JNIEnv *env, jobject self UNUSED, jlong id, jint solicited_only)
{
  struct handle *handle = handle_get(env, id, KIND_CQ);
  if (handle == NULL)
    return -1;
  int error = ibv_req_notify_cq(handle->object, solicited_only);
  if (error != 0)
    throw_errno(env, "ibv_req_notify_cq", verb_error(error));
  return error == 0 ? 0 : -1;
}

/* HOT: 0 when an event was taken, -1 when none came in time. */
DISPATCHER(jint, getCqEvent)(JNIEnv *env, jobject self UNUSED, jlong id, jint timeout_ms)
{
  struct handle *handle = handle_get(env, id, KIND_COMP_CHANNEL);
  if (handle == NULL)
    return -1;
  struct ibv_comp_channel *channel = handle->object;
  struct deadline deadline = deadline_in(timeout_ms);
  for (;;) {
    struct ibv_cq *cq;
    void *owner;
    if (ibv_get_cq_event(channel, &cq, &owner) == 0) {
      atomic_fetch_add(&((struct handle *)owner)->unacknowledged, 1);
      return 0;
    }
    if (errno == EINTR)
      continue;
    if (errno != EAGAIN) {
      throw_errno(env, "ibv_get_cq_event", errno);
      return -1;
    }
    int ready = timeout_ms == 0 ? 0 : wait_readable(channel->fd, &deadline);
    if (ready < 0)
      throw_errno(env, "poll", errno);
    if (ready <= 0)
      return -1;
  }
}

/* HOT */
DISPATCHER(jint, ackCqEvent)(JNIEnv *env, jobject self UNUSED, jlong id, jint count)
{
  struct handle *handle = handle_get(env, id, KIND_CQ);
  if (handle == NULL)
    return -1;
  if (count > 0)
    acknowledge(handle, (uint32_t)count);
  return 0;
}
