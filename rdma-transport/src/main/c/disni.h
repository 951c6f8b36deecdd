/*
 * The native half of com.ibm.disni.verbs.impl.NativeDispatcher, on libibverbs and librdmacm, and the
 * entry points of io.farpage.transport.rdma.VerbsExtras.
 *
 * Java knows a verbs object by a number, its handle's id. An id that is not in use is answered with an
 * exception. The rules of the verbs remain the caller's: an object is destroyed when no other thread is
 * in a call on it.
 */
#ifndef FARPAGE_DISNI_H
#define FARPAGE_DISNI_H

#include <infiniband/verbs.h>
#include <jni.h>
#include <rdma/rdma_cma.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNUSED __attribute__((unused))
#define PRINTF_LIKE(text, arguments) __attribute__((format(printf, text, arguments)))

#define DISPATCHER(type, name) JNIEXPORT type JNICALL Java_com_ibm_disni_verbs_impl_NativeDispatcher__1##name
#define EXTRAS(type, name) JNIEXPORT type JNICALL Java_io_farpage_transport_rdma_VerbsExtras_##name
#define AFFINITY(type, name) JNIEXPORT type JNICALL Java_com_ibm_disni_util_NativeAffinity__1##name

static inline void *pointer(jlong address)
{
  return (void *)(uintptr_t)address;
}

/* handles.c */

enum kind {
  KIND_EVENT_CHANNEL = 1,
  KIND_CM_ID,
  KIND_CONTEXT,
  KIND_PD,
  KIND_COMP_CHANNEL,
  KIND_CQ,
  KIND_QP,
  KIND_MR,
};

/* What is sent along with a request to connect over InfiniBand or RoCE: at most so many bytes. */
#define REQUEST_DATA_MAX 56

struct cm_state {
  jlong channel;                /* the handle of its event channel */
  jlong qp;                     /* the handle of its queue pair, 0 without one */
  uint8_t peer_reads;           /* READs of ours that the requesting peer serves at once; 0: not told */
  uint8_t data_length;
  uint8_t data[REQUEST_DATA_MAX];
};

struct handle {
  _Atomic(jlong) id; /* what Java knows it by; 0 while nobody may find it */
  jlong reserved_id; /* the same, from reservation to the next one */
  void *object;      /* the ibv_* or rdma_* structure */
  struct handle *next_free;
  union {
    struct cm_state cm;
    _Atomic(uint32_t) unacknowledged; /* KIND_CQ: events taken from its channel */
    int access;                       /* KIND_MR */
  };
};

/* Takes a free handle, which nobody can find until it is published; NULL after throwing. */
struct handle *handle_reserve(JNIEnv *env, enum kind kind);
jlong handle_publish(struct handle *handle, void *object);
void handle_release(struct handle *handle);

/* Returns the object's handle; NULL after throwing when the id is not in use for such an object. */
struct handle *handle_get(JNIEnv *env, jlong id, enum kind kind);

/* The same, and takes it out of use, for the caller to release or to put back. */
struct handle *handle_claim(JNIEnv *env, jlong id, enum kind kind);
struct handle *handle_try_claim(jlong id, enum kind kind); /* NULL without throwing */
void handle_put_back(struct handle *handle);

/* Returns the next published handle of that kind from place *index on, NULL at the end. */
struct handle *handle_next(uint32_t *index, enum kind kind);

/* How many handles are reserved or published. */
jint handle_count(void);

/* errors.c */

bool errors_load(JNIEnv *env);
void throw_errno(JNIEnv *env, const char *verb, int error);
void throw_detail(JNIEnv *env, const char *verb, int error, const char *format, ...) PRINTF_LIKE(4, 5);
void throw_unknown_id(JNIEnv *env, const char *what, jlong id);
void throw_post(JNIEnv *env, const char *verb, int error, jint posted, uint64_t refused_wr_id);
void throw_cm_event(JNIEnv *env, const struct rdma_cm_event *event, jlong id);

/* The error of a verb that returns it, or -1 and errno. */
int verb_error(int returned);

/* wait.c */

int set_nonblocking(int fd);

struct deadline {
  bool endless;
  int64_t ns;
};

struct deadline deadline_in(jint timeout_ms);

/* Returns 1 when the descriptor is readable, 0 when the time is over, -1 and errno. */
int wait_readable(int fd, const struct deadline *deadline);

/* device.c */

/* Returns the id of the context's handle, -1 after throwing. */
jlong context_id(JNIEnv *env, struct ibv_context *context);

/* cm.c */

void cm_id_destroy(struct handle *handle);

#endif
