/*
 * Java exceptions. Those of io.farpage.transport.rdma carry numbers as well; without these classes, when
 * DiSNI is used alone, they are plain IOExceptions with the same message.
 */
#define _GNU_SOURCE
#include "disni.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_SIZE 512
#define PACKAGE "io/farpage/transport/rdma/"

struct exception {
  jclass type;
  jmethodID constructor; /* NULL: the class is not there */
};

static jclass io_exception;
static struct exception verbs_exception;
static struct exception post_exception;
static struct exception cm_event_exception;

static jclass find_class(JNIEnv *env, const char *name)
{
  jclass local = (*env)->FindClass(env, name);
  if (local == NULL)
    return NULL;
  jclass global = (*env)->NewGlobalRef(env, local);
  (*env)->DeleteLocalRef(env, local);
  return global;
}

static void find_exception(JNIEnv *env, struct exception *exception, const char *name, const char *signature)
{
  exception->type = find_class(env, name);
  if (exception->type != NULL)
    exception->constructor = (*env)->GetMethodID(env, exception->type, "<init>", signature);
  (*env)->ExceptionClear(env);
}

bool errors_load(JNIEnv *env)
{
  if (io_exception != NULL)
    return true;
  find_exception(env, &verbs_exception, PACKAGE "VerbsException", "(Ljava/lang/String;I)V");
  find_exception(env, &post_exception, PACKAGE "PostException", "(Ljava/lang/String;IIJ)V");
  find_exception(env, &cm_event_exception, PACKAGE "CmEventException", "(Ljava/lang/String;IIJ)V");
  io_exception = find_class(env, "java/io/IOException");
  return io_exception != NULL;
}

static void throw_new(JNIEnv *env, const struct exception *exception, const char *message, ...)
{
  if (exception->constructor == NULL) {
    (*env)->ThrowNew(env, io_exception, message);
    return;
  }
  jstring text = (*env)->NewStringUTF(env, message);
  if (text == NULL)
    return; /* OutOfMemoryError is pending */
  jvalue arguments[4] = {{.l = text}};
  va_list numbers;
  va_start(numbers, message);
  arguments[1].i = va_arg(numbers, jint);
  if (exception != &verbs_exception) {
    arguments[2].i = va_arg(numbers, jint);
    arguments[3].j = va_arg(numbers, jlong);
  }
  va_end(numbers);
  jthrowable thrown = (*env)->NewObjectA(env, exception->type, exception->constructor, arguments);
  if (thrown != NULL)
    (*env)->Throw(env, thrown);
}

static const char *errno_name(int error)
{
  const char *name = strerrorname_np(error);
  return name == NULL ? "errno" : name;
}

/* Appends to a message, which is cut where it gets too long. */
static void append(char *message, const char *format, va_list arguments)
{
  size_t length = strlen(message);
  vsnprintf(message + length, MESSAGE_SIZE - length, format, arguments);
}

static void describe_error(char *message, const char *verb, int error)
{
  const char *text = strerrordesc_np(error);
  snprintf(message, MESSAGE_SIZE, "%s: %s (%d) %s", verb, errno_name(error), error, text == NULL ? "unknown" : text);
}

void throw_errno(JNIEnv *env, const char *verb, int error)
{
  char message[MESSAGE_SIZE];
  describe_error(message, verb, error);
  throw_new(env, &verbs_exception, message, (jint)error);
}

void throw_detail(JNIEnv *env, const char *verb, int error, const char *format, ...)
{
  char message[MESSAGE_SIZE];
  describe_error(message, verb, error);
  strncat(message, ": ", MESSAGE_SIZE - strlen(message) - 1);
  va_list arguments;
  va_start(arguments, format);
  append(message, format, arguments);
  va_end(arguments);
  throw_new(env, &verbs_exception, message, (jint)error);
}

void throw_unknown_id(JNIEnv *env, const char *what, jlong id)
{
  char message[MESSAGE_SIZE];
  snprintf(message, sizeof(message), "no %s has the id 0x%llx; it was destroyed, or never made", what,
           (unsigned long long)id);
  throw_new(env, &verbs_exception, message, (jint)EBADF);
}

void throw_post(JNIEnv *env, const char *verb, int error, jint posted, uint64_t refused_wr_id)
{
  char message[MESSAGE_SIZE];
  describe_error(message, verb, error);
  size_t length = strlen(message);
  snprintf(message + length, sizeof(message) - length,
           ": %d work requests of the list were posted, the one with wr_id 0x%llx and those behind it were not",
           posted, (unsigned long long)refused_wr_id);
  throw_new(env, &post_exception, message, (jint)error, posted, (jlong)refused_wr_id);
}

/* The reasons of a rejection that say something to an operator; InfiniBand numbers. */
static const char *reject_reason(int status)
{
  switch (status) {
  case 3:
    return "the peer has no resources";
  case 4:
    return "the peer waited too long for the connection's next step";
  case 8:
    return "nobody listens at this address and port";
  case 10:
    return "the peer still knows an older connection of this queue pair";
  case 27:
    return "the peer wants to read more at once than this device can serve";
  case 28:
    return "the peer's program refused";
  default:
    return "InfiniBand reject reason";
  }
}

static void describe_event(char *message, const struct rdma_cm_event *event)
{
  const char *name = rdma_event_str(event->event);
  int status = event->status;
  if (status < 0) {
    const char *text = strerrordesc_np(-status);
    snprintf(message, MESSAGE_SIZE, "%s: %s (%d) %s", name, errno_name(-status), -status,
             text == NULL ? "unknown" : text);
  } else if (event->event == RDMA_CM_EVENT_REJECTED) {
    snprintf(message, MESSAGE_SIZE, "%s: %s (%d)", name, reject_reason(status), status);
  } else {
    snprintf(message, MESSAGE_SIZE, "%s: status %d", name, status);
  }
}

void throw_cm_event(JNIEnv *env, const struct rdma_cm_event *event, jlong id)
{
  char message[MESSAGE_SIZE];
  describe_event(message, event);
  throw_new(env, &cm_event_exception, message, (jint)event->event, (jint)event->status, id);
}

int verb_error(int returned)
{
  if (returned > 0)
    return returned;
  return returned == -1 ? errno : -returned;
}
