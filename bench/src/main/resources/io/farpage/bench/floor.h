/* What the C programs of `farpage bench fault` have in common. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096L

/* On the wire as io.farpage.transport.tcp.PageRequest has it. */
struct page_request {
  uint32_t region, length;
  uint64_t offset;
};

static void die(const char *what) {
  perror(what);
  exit(1);
}

static inline long now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000L + t.tv_nsec;
}

/* Maps a file shared, without huge pages, as the daemon does. */
static inline char *map_file(const char *path, long pages) {
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) die(path);
  char *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) die("mmap");
  if (madvise(memory, pages * PAGE, MADV_NOHUGEPAGE) != 0 && errno != EINVAL) die("madvise");
  return memory;
}

static inline void no_delay(int fd) {
  int on = 1;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) die("TCP_NODELAY");
}

static inline int connect_to(const char *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) die("connect");
  no_delay(fd);
  return fd;
}

static inline void request_page(int fd, long page) {
  struct page_request request = {0, PAGE, (uint64_t)(page * PAGE)};
  if (send(fd, &request, sizeof request, MSG_NOSIGNAL) != sizeof request) die("send");
}

#define SPIN_NS 50000L /* how long SPINNING looks for an answer before it sleeps */

enum waiting { POLLING_DESCRIPTORS, BLOCKING, SPINNING, BUSY };

static inline enum waiting waiting_of(const char *name) {
  if (strcmp(name, "poll") == 0) return POLLING_DESCRIPTORS;
  if (strcmp(name, "block") == 0) return BLOCKING;
  if (strcmp(name, "spin") == 0) return SPINNING;
  if (strcmp(name, "busy") == 0) return BUSY;
  fprintf(stderr, "waiting must be poll, block, spin or busy, not %s\n", name);
  exit(2);
}

/* What has come of a page: 0 when nothing has, and the call would block. */
static inline long receive(int fd, char *into, long length, int flags) {
  long n = recv(fd, into, length, flags);
  if (n > 0) return n;
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  die(n == 0 ? "the server has gone" : "recv");
  return 0;
}
