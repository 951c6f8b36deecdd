/*
 * The table of handles. It grows by blocks that are never freed, so that any number whatever can be looked
 * up without a lock and without touching memory that is gone.
 *
 * An id is made of the place in the table, the kind, and a count that never repeats.
 */
#include "disni.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define INDEX_BITS 20
#define KIND_BITS 4
#define BLOCK_BITS 10
#define BLOCK_SIZE (1u << BLOCK_BITS)
#define BLOCK_COUNT (1u << (INDEX_BITS - BLOCK_BITS))
#define INDEX_MASK ((1u << INDEX_BITS) - 1)
#define KIND_MASK ((1u << KIND_BITS) - 1)

static _Atomic(struct handle *) blocks[BLOCK_COUNT];
static _Atomic(uint32_t) used_slots; /* how many places were ever used */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct handle *first_free; /* under the lock, as what follows */
static jlong serial;
static jint in_use;

static const char *const KIND_NAMES[] = {
  [KIND_EVENT_CHANNEL] = "event channel",
  [KIND_CM_ID] = "connection id",
  [KIND_CONTEXT] = "device context",
  [KIND_PD] = "protection domain",
  [KIND_COMP_CHANNEL] = "completion channel",
  [KIND_CQ] = "completion queue",
  [KIND_QP] = "queue pair",
  [KIND_MR] = "memory region",
};

static enum kind kind_of(jlong id)
{
  return (enum kind)((id >> INDEX_BITS) & KIND_MASK);
}

static struct handle *at(uint32_t index)
{
  struct handle *block = atomic_load_explicit(&blocks[index >> BLOCK_BITS], memory_order_acquire);
  return block == NULL ? NULL : &block[index & (BLOCK_SIZE - 1)];
}

/* Finds a place: one that was released, or the next that was never used. */
static struct handle *take_place(jlong *index)
{
  if (first_free != NULL) {
    struct handle *handle = first_free;
    first_free = handle->next_free;
    *index = handle->reserved_id & INDEX_MASK;
    return handle;
  }
  uint32_t next = atomic_load(&used_slots);
  if (next > INDEX_MASK)
    return NULL;
  if (at(next) == NULL) {
    struct handle *block = calloc(BLOCK_SIZE, sizeof(*block));
    if (block == NULL)
      return NULL;
    atomic_store_explicit(&blocks[next >> BLOCK_BITS], block, memory_order_release);
  }
  atomic_store(&used_slots, next + 1);
  *index = next;
  return at(next);
}

struct handle *handle_reserve(JNIEnv *env, enum kind kind)
{
  jlong index;
  pthread_mutex_lock(&lock);
  struct handle *handle = take_place(&index);
  if (handle != NULL) {
    in_use++;
    serial++;
    handle->reserved_id = serial << (INDEX_BITS + KIND_BITS) | (jlong)kind << INDEX_BITS | index;
  }
  pthread_mutex_unlock(&lock);
  if (handle == NULL) {
    throw_detail(env, "handle", ENOMEM, "more than %u verbs objects, or no memory", INDEX_MASK);
    return NULL;
  }
  handle->object = NULL;
  memset(&handle->cm, 0, sizeof(handle->cm));
  return handle;
}

jlong handle_publish(struct handle *handle, void *object)
{
  jlong id = handle->reserved_id;
  handle->object = object;
  atomic_store_explicit(&handle->id, id, memory_order_release);
  return id;
}

void handle_release(struct handle *handle)
{
  atomic_store_explicit(&handle->id, 0, memory_order_release);
  pthread_mutex_lock(&lock);
  handle->object = NULL;
  handle->next_free = first_free;
  first_free = handle;
  in_use--;
  pthread_mutex_unlock(&lock);
}

static struct handle *find(jlong id, enum kind kind)
{
  struct handle *handle = at((uint32_t)id & INDEX_MASK);
  if (handle == NULL || kind_of(id) != kind)
    return NULL;
  return atomic_load_explicit(&handle->id, memory_order_acquire) == id ? handle : NULL;
}

struct handle *handle_get(JNIEnv *env, jlong id, enum kind kind)
{
  struct handle *handle = find(id, kind);
  if (__builtin_expect(handle == NULL, false))
    throw_unknown_id(env, KIND_NAMES[kind], id);
  return handle;
}

struct handle *handle_try_claim(jlong id, enum kind kind)
{
  struct handle *handle = find(id, kind);
  jlong expected = id;
  return handle != NULL && atomic_compare_exchange_strong(&handle->id, &expected, 0) ? handle : NULL;
}

struct handle *handle_claim(JNIEnv *env, jlong id, enum kind kind)
{
  struct handle *handle = handle_try_claim(id, kind);
  if (handle == NULL)
    throw_unknown_id(env, KIND_NAMES[kind], id);
  return handle;
}

void handle_put_back(struct handle *handle)
{
  atomic_store_explicit(&handle->id, handle->reserved_id, memory_order_release);
}

struct handle *handle_next(uint32_t *index, enum kind kind)
{
  while (*index < atomic_load(&used_slots)) {
    struct handle *handle = at((*index)++);
    jlong id = atomic_load_explicit(&handle->id, memory_order_acquire);
    if (id != 0 && kind_of(id) == kind)
      return handle;
  }
  return NULL;
}

jint handle_count(void)
{
  pthread_mutex_lock(&lock);
  jint count = in_use;
  pthread_mutex_unlock(&lock);
  return count;
}
