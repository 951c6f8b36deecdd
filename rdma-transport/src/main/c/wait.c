/* Waiting on descriptors that do not block. */
#define _GNU_SOURCE
#include "disni.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

#define NS_PER_MS INT64_C(1000000)

int set_nonblocking(int fd)
{
  int flags = fcntl(fd, F_GETFL);
  return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static int64_t now_ns(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 * NS_PER_MS + now.tv_nsec;
}

struct deadline deadline_in(jint timeout_ms)
{
  struct deadline deadline = {.endless = timeout_ms < 0};
  if (timeout_ms > 0)
    deadline.ns = now_ns() + timeout_ms * NS_PER_MS;
  return deadline;
}

/* What is left of the time, rounded up, so that a wait never ends too early and then spins. */
static int left_ms(const struct deadline *deadline)
{
  if (deadline->endless)
    return -1;
  int64_t left = deadline->ns == 0 ? 0 : deadline->ns - now_ns();
  return left <= 0 ? 0 : (int)((left + NS_PER_MS - 1) / NS_PER_MS);
}

int wait_readable(int fd, const struct deadline *deadline)
{
  struct pollfd watched = {.fd = fd, .events = POLLIN};
  for (;;) {
    int ready = poll(&watched, 1, left_ms(deadline));
    if (ready >= 0)
      return ready;
    if (errno != EINTR)
      return -1;
  }
}
