/* Connection management: event channels, connection ids, their addresses. */
#define _GNU_SOURCE
#include "disni.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

/* librdmacm gives up with no more than ENODEV, and some of its versions print on the way. */
static bool require_devices(JNIEnv *env)
{
  int count = 0;
  struct ibv_device **devices = ibv_get_device_list(&count);
  if (devices != NULL)
    ibv_free_device_list(devices);
  if (count > 0)
    return true;
  throw_detail(env, "rdma_create_event_channel", ENODEV, "this host has no RDMA device");
  return false;
}

DISPATCHER(jlong, createEventChannel)(JNIEnv *env, jobject self UNUSED)
{
  struct handle *handle = require_devices(env) ? handle_reserve(env, KIND_EVENT_CHANNEL) : NULL;
  if (handle == NULL)
    return -1;
  struct rdma_event_channel *channel = rdma_create_event_channel();
  if (channel == NULL) {
    throw_detail(env, "rdma_create_event_channel", errno, "is the kernel module rdma_ucm loaded?");
    handle_release(handle);
    return -1;
  }
  if (set_nonblocking(channel->fd) != 0) {
    throw_errno(env, "fcntl", errno);
    rdma_destroy_event_channel(channel);
    handle_release(handle);
    return -1;
  }
  return handle_publish(handle, channel);
}

/* Its ids go first: destroyed later they would speak to a descriptor that is closed, or another's. */
DISPATCHER(jint, destroyEventChannel)(JNIEnv *env, jobject self UNUSED, jlong id)
{
  struct handle *handle = handle_claim(env, id, KIND_EVENT_CHANNEL);
  if (handle == NULL)
    return -1;
  uint32_t index = 0;
  struct handle *connection;
  while ((connection = handle_next(&index, KIND_CM_ID)) != NULL) {
    if (connection->cm.channel != id)
      continue;
    connection = handle_try_claim(connection->reserved_id, KIND_CM_ID);
    if (connection != NULL)
      cm_id_destroy(connection);
  }
  rdma_destroy_event_channel(handle->object);
  handle_release(handle);
  return 0;
}

DISPATCHER(jlong, createId)(JNIEnv *env, jobject self UNUSED, jlong channel, jshort port_space)
{
  struct handle *events = handle_get(env, channel, KIND_EVENT_CHANNEL);
  struct handle *handle = events == NULL ? NULL : handle_reserve(env, KIND_CM_ID);
  if (handle == NULL)
    return -1;
  struct rdma_cm_id *cm_id;
  if (rdma_create_id(events->object, &cm_id, handle, (enum rdma_port_space)port_space) != 0) {
    throw_errno(env, "rdma_create_id", errno);
    handle_release(handle);
    return -1;
  }
  handle->cm.channel = channel;
  return handle_publish(handle, cm_id);
}

/* Takes a claimed handle. A queue pair that is left goes with the id. */
void cm_id_destroy(struct handle *handle)
{
  struct rdma_cm_id *cm_id = handle->object;
  if (cm_id->qp != NULL) {
    struct handle *qp = handle_try_claim(handle->cm.qp, KIND_QP);
    rdma_destroy_qp(cm_id);
    if (qp != NULL)
      handle_release(qp);
  }
  rdma_destroy_id(cm_id);
  handle_release(handle);
}

static jint destroy_id(JNIEnv *env, jlong id)
{
  struct handle *handle = handle_claim(env, id, KIND_CM_ID);
  if (handle == NULL)
    return -1;
  cm_id_destroy(handle);
  return 0;
}

/* A request that was neither accepted nor anything else is refused by this. */
DISPATCHER(jint, destroyCmId)(JNIEnv *env, jobject self UNUSED, jlong id)
{
  return destroy_id(env, id);
}

DISPATCHER(jint, destroyEp)(JNIEnv *env, jobject self UNUSED, jlong id)
{
  return destroy_id(env, id);
}

/* Java writes family, port and address, and leaves the rest of the structure as it found it. */
static struct sockaddr_in ipv4_address(jlong address)
{
  struct sockaddr_in written;
  memcpy(&written, pointer(address), sizeof(written));
  memset(written.sin_zero, 0, sizeof(written.sin_zero));
  return written;
}

DISPATCHER(void, bindAddr)(JNIEnv *env, jobject self UNUSED, jlong id, jlong address)
{
  struct handle *handle = handle_get(env, id, KIND_CM_ID);
  if (handle == NULL)
    return;
  struct sockaddr_in local = ipv4_address(address);
  if (rdma_bind_addr(handle->object, (struct sockaddr *)&local) != 0) {
    int error = errno;
    char text[INET_ADDRSTRLEN];
    throw_detail(env, "rdma_bind_addr", error, "%s port %u%s",
                 inet_ntop(AF_INET, &local.sin_addr, text, sizeof(text)), ntohs(local.sin_port),
                 error == ENODEV ? ": no RDMA device has this address" : "");
  }
}

DISPATCHER(void, listen)(JNIEnv *env, jobject self UNUSED, jlong id, jint backlog)
{
  struct handle *handle = handle_get(env, id, KIND_CM_ID);
  if (handle != NULL && rdma_listen(handle->object, backlog) != 0)
    throw_errno(env, "rdma_listen", errno);
}

/* DiSNI passes no source address; one that was bound before counts. */
DISPATCHER(void, resolveAddr)(JNIEnv *env, jobject self UNUSED, jlong id, jlong source, jlong destination,
                              jint timeout_ms)
{
  struct handle *handle = handle_get(env, id, KIND_CM_ID);
  if (handle == NULL)
    return;
  struct sockaddr_in local = {.sin_family = AF_INET};
  if (source != 0)
    local = ipv4_address(source);
  struct sockaddr_in remote = ipv4_address(destination);
  struct sockaddr *from = source == 0 ? NULL : (struct sockaddr *)&local;
  if (rdma_resolve_addr(handle->object, from, (struct sockaddr *)&remote, timeout_ms) != 0) {
    int error = errno;
    char text[INET_ADDRSTRLEN];
    throw_detail(env, "rdma_resolve_addr", error, "%s port %u",
                 inet_ntop(AF_INET, &remote.sin_addr, text, sizeof(text)), ntohs(remote.sin_port));
  }
}

DISPATCHER(void, resolveRoute)(JNIEnv *env, jobject self UNUSED, jlong id, jint timeout_ms)
{
  struct handle *handle = handle_get(env, id, KIND_CM_ID);
  if (handle != NULL && rdma_resolve_route(handle->object, timeout_ms) != 0)
    throw_errno(env, "rdma_resolve_route", errno);
}

/* 0, or -1 when there is no such address, or not one of IPv4. */
static jint store_address(const struct sockaddr *address, jlong destination)
{
  if (address->sa_family != AF_INET)
    return -1;
  memcpy(pointer(destination), address, sizeof(struct sockaddr_in));
  return 0;
}

DISPATCHER(jint, getSrcAddr)(JNIEnv *env, jobject self UNUSED, jlong id, jlong address)
{
  struct handle *handle = handle_get(env, id, KIND_CM_ID);
  return handle == NULL ? -1 : store_address(rdma_get_local_addr(handle->object), address);
}

DISPATCHER(jint, getDstAddr)(JNIEnv *env, jobject self UNUSED, jlong id, jlong address)
{
  struct handle *handle = handle_get(env, id, KIND_CM_ID);
  return handle == NULL ? -1 : store_address(rdma_get_peer_addr(handle->object), address);
}
