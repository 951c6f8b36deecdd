/* What DiSNI does not tell: descriptors to wait on, device limits, asynchronous events. */
#include "disni.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

EXTRAS(jint, eventChannelFd)(JNIEnv *env, jclass type UNUSED, jlong id)
{
  struct handle *handle = handle_get(env, id, KIND_EVENT_CHANNEL);
  return handle == NULL ? -1 : ((struct rdma_event_channel *)handle->object)->fd;
}

EXTRAS(jint, completionChannelFd)(JNIEnv *env, jclass type UNUSED, jlong id)
{
  struct handle *handle = handle_get(env, id, KIND_COMP_CHANNEL);
  return handle == NULL ? -1 : ((struct ibv_comp_channel *)handle->object)->fd;
}

EXTRAS(jint, contextAsyncFd)(JNIEnv *env, jclass type UNUSED, jlong id)
{
  struct handle *handle = handle_get(env, id, KIND_CONTEXT);
  return handle == NULL ? -1 : ((struct ibv_context *)handle->object)->async_fd;
}

static bool about_queue_pair(enum ibv_event_type type)
{
  switch (type) {
  case IBV_EVENT_QP_FATAL:
  case IBV_EVENT_QP_REQ_ERR:
  case IBV_EVENT_QP_ACCESS_ERR:
  case IBV_EVENT_COMM_EST:
  case IBV_EVENT_SQ_DRAINED:
  case IBV_EVENT_PATH_MIG:
  case IBV_EVENT_PATH_MIG_ERR:
  case IBV_EVENT_QP_LAST_WQE_REACHED:
    return true;
  default:
    return false;
  }
}

static bool about_port(enum ibv_event_type type)
{
  switch (type) {
  case IBV_EVENT_PORT_ACTIVE:
  case IBV_EVENT_PORT_ERR:
  case IBV_EVENT_LID_CHANGE:
  case IBV_EVENT_PKEY_CHANGE:
  case IBV_EVENT_SM_CHANGE:
  case IBV_EVENT_CLIENT_REREGISTER:
  case IBV_EVENT_GID_CHANGE:
    return true;
  default:
    return false;
  }
}

/* A sentence about the device's next asynchronous event, NULL when there is none. */
EXTRAS(jstring, contextAsyncEvent)(JNIEnv *env, jclass type UNUSED, jlong id)
{
  struct handle *handle = handle_get(env, id, KIND_CONTEXT);
  if (handle == NULL)
    return NULL;
  struct ibv_async_event event;
  if (ibv_get_async_event(handle->object, &event) != 0) {
    if (errno != EAGAIN && errno != EINTR)
      throw_errno(env, "ibv_get_async_event", errno);
    return NULL;
  }
  char text[128];
  const char *name = ibv_event_type_str(event.event_type);
  if (about_queue_pair(event.event_type))
    snprintf(text, sizeof(text), "%s, queue pair %u", name, event.element.qp->qp_num);
  else if (about_port(event.event_type))
    snprintf(text, sizeof(text), "%s, port %d", name, event.element.port_num);
  else
    snprintf(text, sizeof(text), "%s", name);
  ibv_ack_async_event(&event);
  return (*env)->NewStringUTF(env, text);
}

/* Everything that is posted completes with a flush error. */
EXTRAS(void, queuePairToError)(JNIEnv *env, jclass type UNUSED, jlong id)
{
  struct handle *handle = handle_get(env, id, KIND_QP);
  if (handle == NULL)
    return;
  struct ibv_qp_attr attributes = {.qp_state = IBV_QPS_ERR};
  int error = ibv_modify_qp(handle->object, &attributes, IBV_QP_STATE);
  if (error != 0)
    throw_errno(env, "ibv_modify_qp", verb_error(error));
}

/* The bytes that came with the request which made this connection; the network pads them with zeros. */
EXTRAS(jbyteArray, connectionRequestData)(JNIEnv *env, jclass type UNUSED, jlong id)
{
  struct handle *handle = handle_get(env, id, KIND_CM_ID);
  if (handle == NULL)
    return NULL;
  jbyteArray data = (*env)->NewByteArray(env, handle->cm.data_length);
  if (data != NULL)
    (*env)->SetByteArrayRegion(env, data, 0, handle->cm.data_length, (const jbyte *)handle->cm.data);
  return data;
}

EXTRAS(jstring, completionStatusText)(JNIEnv *env, jclass type UNUSED, jint status)
{
  return (*env)->NewStringUTF(env, ibv_wc_status_str((enum ibv_wc_status)status));
}

EXTRAS(jint, objectCount)(JNIEnv *env UNUSED, jclass type UNUSED)
{
  return handle_count();
}

static struct ibv_context *open_device(JNIEnv *env, const char *name)
{
  struct ibv_device **devices = ibv_get_device_list(NULL);
  struct ibv_context *context = NULL;
  int error = ENODEV;
  for (int i = 0; devices != NULL && devices[i] != NULL && context == NULL; i++) {
    if (strcmp(ibv_get_device_name(devices[i]), name) == 0) {
      context = ibv_open_device(devices[i]);
      error = errno;
    }
  }
  if (devices != NULL)
    ibv_free_device_list(devices);
  if (context == NULL)
    throw_detail(env, "ibv_open_device", error, "%s", name);
  return context;
}

static jlongArray long_array(JNIEnv *env, const jlong *values, jsize count)
{
  jlongArray array = (*env)->NewLongArray(env, count);
  if (array != NULL)
    (*env)->SetLongArrayRegion(env, array, 0, count, values);
  return array;
}

static jlongArray device_limits(JNIEnv *env, struct ibv_context *context)
{
  struct ibv_device_attr attributes;
  int error = ibv_query_device(context, &attributes);
  if (error != 0) {
    throw_errno(env, "ibv_query_device", verb_error(error));
    return NULL;
  }
  const jlong values[] = {
    attributes.max_qp_rd_atom,
    attributes.max_qp_init_rd_atom,
    attributes.max_mr_size > INT64_MAX ? INT64_MAX : (jlong)attributes.max_mr_size,
    attributes.max_cqe,
    attributes.max_qp_wr,
    attributes.max_mr,
    attributes.max_qp,
    attributes.max_sge,
  };
  return long_array(env, values, sizeof(values) / sizeof(values[0]));
}

static jlong mtu_bytes(enum ibv_mtu mtu)
{
  return mtu >= IBV_MTU_256 && mtu <= IBV_MTU_4096 ? INT64_C(128) << mtu : 0;
}

static jlongArray port_mtus(JNIEnv *env, struct ibv_context *context, jint port)
{
  struct ibv_port_attr attributes;
  int error = ibv_query_port(context, (uint8_t)port, &attributes);
  if (error != 0) {
    throw_detail(env, "ibv_query_port", verb_error(error), "port %d", port);
    return NULL;
  }
  const jlong values[] = {mtu_bytes(attributes.active_mtu), mtu_bytes(attributes.max_mtu)};
  return long_array(env, values, sizeof(values) / sizeof(values[0]));
}

/* Of port 0 the limits of the device, of another port its active and its largest MTU in bytes. */
EXTRAS(jlongArray, query)(JNIEnv *env, jclass type UNUSED, jstring device, jint port)
{
  const char *name = (*env)->GetStringUTFChars(env, device, NULL);
  if (name == NULL)
    return NULL;
  struct ibv_context *context = open_device(env, name);
  (*env)->ReleaseStringUTFChars(env, device, name);
  if (context == NULL)
    return NULL;
  jlongArray values = port == 0 ? device_limits(env, context) : port_mtus(env, context, port);
  ibv_close_device(context);
  return values;
}
