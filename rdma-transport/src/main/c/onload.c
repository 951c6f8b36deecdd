/* What the JVM calls when it loads the library. */
#include "disni.h"

static jint load(JavaVM *vm)
{
  JNIEnv *env;
  if ((*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_1_8) != JNI_OK || !errors_load(env))
    return JNI_ERR;
  return JNI_VERSION_1_8;
}

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *vm, void *reserved UNUSED)
{
  return load(vm);
}

/*
 * A JVM that finds this symbol in the process takes the library "disni" as linked into the program, and
 * looks for no file: so whoever opens this library with RTLD_GLOBAL decides where it comes from.
 */
JNIEXPORT jint JNICALL JNI_OnLoad_disni(JavaVM *vm, void *reserved UNUSED)
{
  return load(vm);
}
