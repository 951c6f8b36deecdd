/* The processors that the calling thread runs on, the first 64, as com.ibm.disni.util.NativeAffinity has it. */
#define _GNU_SOURCE
#include "disni.h"

#include <sched.h>

#define MASK_BITS 64

AFFINITY(void, setAffinity)(JNIEnv *env UNUSED, jclass type UNUSED, jlong mask)
{
  cpu_set_t set;
  CPU_ZERO(&set);
  for (unsigned int cpu = 0; cpu < MASK_BITS; cpu++) {
    if (((uint64_t)mask >> cpu & 1) != 0)
      CPU_SET(cpu, &set);
  }
  sched_setaffinity(0, sizeof(set), &set);
}

AFFINITY(jlong, getAffinity)(JNIEnv *env UNUSED, jclass type UNUSED)
{
  cpu_set_t set;
  uint64_t mask = 0;
  if (sched_getaffinity(0, sizeof(set), &set) != 0)
    return 0;
  for (unsigned int cpu = 0; cpu < MASK_BITS; cpu++) {
    if (CPU_ISSET(cpu, &set))
      mask |= UINT64_C(1) << cpu;
  }
  return (jlong)mask;
}
