/* Queue pairs and what is posted to them. */
#include "disni.h"

#include <errno.h>

/* DiSNI does not pass the number of entries in a scatter/gather list: so many fit, device permitting. */
#define SGE_MAX 4

static uint32_t sge_limit(struct ibv_context *context)
{
  struct ibv_device_attr attributes;
  if (ibv_query_device(context, &attributes) != 0)
    return 1;
  int limit = SGE_MAX;
  if (attributes.max_sge < limit)
    limit = attributes.max_sge;
  if (attributes.max_sge_rd > 0 && attributes.max_sge_rd < limit)
    limit = attributes.max_sge_rd;
  return limit < 1 ? 1 : (uint32_t)limit;
}

DISPATCHER(jlong, createQP)(JNIEnv *env, jobject self UNUSED, jlong id, jlong pd, jlong send_cq, jlong recv_cq,
                            jint type, jint max_send_wr, jint max_recv_wr, jint max_inline)
{
  struct handle *connection = handle_get(env, id, KIND_CM_ID);
  struct handle *domain = connection == NULL ? NULL : handle_get(env, pd, KIND_PD);
  struct handle *sends = domain == NULL ? NULL : handle_get(env, send_cq, KIND_CQ);
  struct handle *receives = sends == NULL ? NULL : handle_get(env, recv_cq, KIND_CQ);
  if (receives == NULL)
    return -1;
  struct rdma_cm_id *cm_id = connection->object;
  if (cm_id->verbs == NULL || max_send_wr < 0 || max_recv_wr < 0 || max_inline < 0) {
    throw_detail(env, "rdma_create_qp", EINVAL, "the address is not resolved, or a negative size");
    return -1;
  }
  struct handle *handle = handle_reserve(env, KIND_QP);
  if (handle == NULL)
    return -1;
  uint32_t sges = sge_limit(cm_id->verbs);
  struct ibv_qp_init_attr attributes = {
    .send_cq = sends->object,
    .recv_cq = receives->object,
    .qp_type = (enum ibv_qp_type)type,
    .cap = {
      .max_send_wr = (uint32_t)max_send_wr,
      .max_recv_wr = (uint32_t)max_recv_wr,
      .max_send_sge = sges,
      .max_recv_sge = sges,
      .max_inline_data = (uint32_t)max_inline,
    },
  };
  if (rdma_create_qp(cm_id, domain->object, &attributes) != 0) {
    throw_detail(env, "rdma_create_qp", errno, "%d sends, %d receives, %d inline bytes", max_send_wr, max_recv_wr,
                 max_inline);
    handle_release(handle);
    return -1;
  }
  return connection->cm.qp = handle_publish(handle, cm_id->qp);
}

/* By the connection's id, as DiSNI has it. */
DISPATCHER(jint, destroyQP)(JNIEnv *env, jobject self UNUSED, jlong id)
{
  struct handle *connection = handle_get(env, id, KIND_CM_ID);
  struct handle *handle = connection == NULL ? NULL : handle_claim(env, connection->cm.qp, KIND_QP);
  if (handle == NULL)
    return -1;
  connection->cm.qp = 0;
  rdma_destroy_qp(connection->object);
  handle_release(handle);
  return 0;
}

/* DiSNI's only caller passes no attributes, and nobody can make any. */
DISPATCHER(jint, modifyQP)(JNIEnv *env, jobject self UNUSED, jlong id, jlong attributes UNUSED)
{
  if (handle_get(env, id, KIND_QP) != NULL)
    throw_detail(env, "ibv_modify_qp", EINVAL, "no attributes were given");
  return -1;
}

DISPATCHER(jint, getQpNum)(JNIEnv *env, jobject self UNUSED, jlong id)
{
  struct handle *handle = handle_get(env, id, KIND_QP);
  return handle == NULL ? -1 : (jint)((struct ibv_qp *)handle->object)->qp_num;
}

static void throw_refused_send(JNIEnv *env, int error, const struct ibv_send_wr *first,
                               const struct ibv_send_wr *refused)
{
  jint posted = 0;
  for (const struct ibv_send_wr *wr = first; wr != NULL && wr != refused; wr = wr->next)
    posted++;
  throw_post(env, "ibv_post_send", error, refused == NULL ? 0 : posted, refused == NULL ? 0 : refused->wr_id);
}

/* HOT: neither blocks nor allocates. */
DISPATCHER(void, postSend)(JNIEnv *env, jobject self UNUSED, jlong id, jlong list)
{
  struct handle *handle = handle_get(env, id, KIND_QP);
  if (handle == NULL)
    return;
  struct ibv_send_wr *first = pointer(list);
  struct ibv_send_wr *refused = first;
  int error = first == NULL ? EINVAL : ibv_post_send(handle->object, first, &refused);
  if (__builtin_expect(error != 0, false))
    throw_refused_send(env, verb_error(error), first, refused);
}

static void throw_refused_recv(JNIEnv *env, int error, const struct ibv_recv_wr *first,
                               const struct ibv_recv_wr *refused)
{
  jint posted = 0;
  for (const struct ibv_recv_wr *wr = first; wr != NULL && wr != refused; wr = wr->next)
    posted++;
  throw_post(env, "ibv_post_recv", error, refused == NULL ? 0 : posted, refused == NULL ? 0 : refused->wr_id);
}

/* HOT: neither blocks nor allocates. */
DISPATCHER(void, postRecv)(JNIEnv *env, jobject self UNUSED, jlong id, jlong list)
{
  struct handle *handle = handle_get(env, id, KIND_QP);
  if (handle == NULL)
    return;
  struct ibv_recv_wr *first = pointer(list);
  struct ibv_recv_wr *refused = first;
  int error = first == NULL ? EINVAL : ibv_post_recv(handle->object, first, &refused);
  if (__builtin_expect(error != 0, false))
    throw_refused_recv(env, verb_error(error), first, refused);
}
