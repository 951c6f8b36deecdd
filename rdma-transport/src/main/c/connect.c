/* Making, accepting and ending connections. */
#include "disni.h"

#include <errno.h>

/* Seven means "for ever": to the network for receivers that are not ready, to rxe for any retry. */
#define RETRY_MAX 6

/* What adapters commonly serve; a deeper queue of READs gains nothing. */
#define READS_MAX 16

static uint8_t at_most(int value, int limit)
{
  return (uint8_t)(value < 0 ? 0 : value > limit ? limit : value);
}

/* DiSNI leaves the numbers of outstanding READs at 0, which would let them hang: so the device's are used. */
static bool set_read_limits(JNIEnv *env, const struct handle *handle, struct rdma_conn_param *parameters)
{
  const struct rdma_cm_id *cm_id = handle->object;
  struct ibv_device_attr attributes;
  int error = cm_id->verbs == NULL ? ENODEV : ibv_query_device(cm_id->verbs, &attributes);
  if (error != 0) {
    throw_errno(env, "ibv_query_device", verb_error(error));
    return false;
  }
  parameters->responder_resources = at_most(attributes.max_qp_rd_atom, READS_MAX);
  parameters->initiator_depth = at_most(attributes.max_qp_init_rd_atom, READS_MAX);
  return true;
}

static bool require_qp(JNIEnv *env, const struct handle *handle, const char *verb)
{
  if (handle->cm.qp != 0)
    return true;
  throw_detail(env, verb, EINVAL, "no queue pair was created for it");
  return false;
}

DISPATCHER(void, connect)(JNIEnv *env, jobject self UNUSED, jlong id, jint retries, jint rnr_retries, jlong data,
                          jbyte data_length)
{
  struct handle *handle = handle_get(env, id, KIND_CM_ID);
  if (handle == NULL || !require_qp(env, handle, "rdma_connect"))
    return;
  struct rdma_conn_param parameters = {
    .private_data = pointer(data),
    .private_data_len = data == 0 ? 0 : (uint8_t)data_length,
    .retry_count = at_most(retries, RETRY_MAX),
    .rnr_retry_count = at_most(rnr_retries, RETRY_MAX),
  };
  if (!set_read_limits(env, handle, &parameters))
    return;
  if (rdma_connect(handle->object, &parameters) != 0)
    throw_errno(env, "rdma_connect", errno);
}

/* The retry count is the connecting side's choice, for both. */
DISPATCHER(void, accept)(JNIEnv *env, jobject self UNUSED, jlong id, jint retries, jint rnr_retries)
{
  struct handle *handle = handle_get(env, id, KIND_CM_ID);
  if (handle == NULL || !require_qp(env, handle, "rdma_accept"))
    return;
  struct rdma_conn_param parameters = {
    .retry_count = at_most(retries, RETRY_MAX),
    .rnr_retry_count = at_most(rnr_retries, RETRY_MAX),
  };
  if (!set_read_limits(env, handle, &parameters))
    return;
  if (handle->cm.peer_reads > 0)
    parameters.initiator_depth = at_most(parameters.initiator_depth, handle->cm.peer_reads);
  if (rdma_accept(handle->object, &parameters) != 0)
    throw_errno(env, "rdma_accept", errno);
}

/* Flushes what is posted, too. */
DISPATCHER(jint, disconnect)(JNIEnv *env, jobject self UNUSED, jlong id)
{
  struct handle *handle = handle_get(env, id, KIND_CM_ID);
  if (handle == NULL)
    return -1;
  if (rdma_disconnect(handle->object) != 0) {
    throw_errno(env, "rdma_disconnect", errno);
    return -1;
  }
  return 0;
}
