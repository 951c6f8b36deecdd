/* Events of connections. */
#include "disni.h"

#include <errno.h>
#include <string.h>

_Static_assert(RDMA_CM_EVENT_ADDR_RESOLVED == 0 && RDMA_CM_EVENT_CONNECT_REQUEST == 4 &&
                 RDMA_CM_EVENT_ESTABLISHED == 9 && RDMA_CM_EVENT_TIMEWAIT_EXIT == 15,
               "Java counts the events from 0 in this order");

/* Java has no place for a status, so events that end a connection before it began are exceptions. */
static bool failed(const struct rdma_cm_event *event)
{
  switch (event->event) {
  case RDMA_CM_EVENT_ADDR_ERROR:
  case RDMA_CM_EVENT_ROUTE_ERROR:
  case RDMA_CM_EVENT_CONNECT_ERROR:
  case RDMA_CM_EVENT_UNREACHABLE:
  case RDMA_CM_EVENT_REJECTED:
  case RDMA_CM_EVENT_MULTICAST_ERROR:
    return true;
  case RDMA_CM_EVENT_DISCONNECTED: /* the status tells how the goodbye was said: over it is either way */
  case RDMA_CM_EVENT_TIMEWAIT_EXIT:
  case RDMA_CM_EVENT_DEVICE_REMOVAL:
  case RDMA_CM_EVENT_ADDR_CHANGE:
    return false;
  default:
    return event->status != 0;
  }
}

static jlong id_of(const struct rdma_cm_id *cm_id)
{
  if (cm_id == NULL || cm_id->context == NULL)
    return 0;
  return atomic_load(&((struct handle *)cm_id->context)->id);
}

static void keep_request(struct cm_state *state, const struct rdma_conn_param *request)
{
  state->peer_reads = request->initiator_depth;
  state->data_length = request->private_data_len < REQUEST_DATA_MAX ? request->private_data_len : REQUEST_DATA_MAX;
  if (request->private_data == NULL)
    state->data_length = 0;
  else
    memcpy(state->data, request->private_data, state->data_length);
}

/* Gives the new connection that a request brings a handle of its own; its context is the listener's yet. */
static bool adopt_request(JNIEnv *env, struct rdma_cm_event *event, jlong channel)
{
  struct handle *handle = handle_reserve(env, KIND_CM_ID);
  if (handle == NULL)
    return false;
  handle->cm.channel = channel;
  keep_request(&handle->cm, &event->param.conn);
  event->id->context = handle;
  handle_publish(handle, event->id);
  return true;
}

/* 0 with an event, 1 when none came in time, -1 after throwing. */
static int next_event(JNIEnv *env, struct rdma_event_channel *channel, jint timeout_ms, struct rdma_cm_event **event)
{
  struct deadline deadline = deadline_in(timeout_ms);
  for (;;) {
    if (rdma_get_cm_event(channel, event) == 0)
      return 0;
    if (errno == EINTR)
      continue;
    if (errno != EAGAIN) {
      throw_errno(env, "rdma_get_cm_event", errno);
      return -1;
    }
    int ready = timeout_ms == 0 ? 0 : wait_readable(channel->fd, &deadline);
    if (ready < 0)
      throw_errno(env, "poll", errno);
    if (ready <= 0)
      return ready < 0 ? -1 : 1;
  }
}

/*
 * Returns the event's number, -1 when none came in time. Stores the listener's id and the connection's id
 * at the two addresses. The event is acknowledged here: Java could not say later which one it means.
 */
DISPATCHER(jint, getCmEvent)(JNIEnv *env, jobject self UNUSED, jlong channel, jlong listen_id, jlong connection_id,
                             jint timeout_ms)
{
  struct handle *handle = handle_get(env, channel, KIND_EVENT_CHANNEL);
  if (handle == NULL)
    return -1;
  struct rdma_cm_event *event;
  if (next_event(env, handle->object, timeout_ms, &event) != 0)
    return -1;
  if (event->event == RDMA_CM_EVENT_CONNECT_REQUEST && !adopt_request(env, event, channel)) {
    struct rdma_cm_id *refused = event->id;
    rdma_ack_cm_event(event);
    rdma_destroy_id(refused);
    return -1;
  }
  *(jlong *)pointer(listen_id) = id_of(event->listen_id);
  *(jlong *)pointer(connection_id) = id_of(event->id);
  jint number = (jint)event->event;
  if (failed(event)) {
    throw_cm_event(env, event, id_of(event->id));
    number = -1;
  }
  rdma_ack_cm_event(event);
  return number;
}

/* Done when the event was taken. */
DISPATCHER(jint, ackCmEvent)(JNIEnv *env UNUSED, jobject self UNUSED, jint event UNUSED)
{
  return 0;
}
