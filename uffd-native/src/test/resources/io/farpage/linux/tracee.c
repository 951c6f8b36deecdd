/* A process to stop, inject into and make fault. It prints its pid first; what it does is its first argument. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stop;

static void on_term(int signo) {
  (void)signo;
  stop = 1;
}

static long now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* result, errno, elapsed milliseconds */
static void report(int result, int error, long since) {
  printf("%d %d %ld\n", result, result < 0 ? error : 0, now_ms() - since);
  fflush(stdout);
}

static int wait_in(const char *call, int ms) {
  long start = now_ms();
  int result;
  if (!strcmp(call, "poll")) {
    result = poll(NULL, 0, ms);
  } else if (!strcmp(call, "nanosleep")) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    result = nanosleep(&t, NULL);
  } else if (!strcmp(call, "ppoll")) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    sigset_t none;
    sigemptyset(&none);
    result = ppoll(NULL, 0, &t, &none);
  } else if (!strcmp(call, "epoll")) {
    struct epoll_event event;
    result = epoll_wait(epoll_create1(0), &event, 1, ms);
  } else {
    char byte;
    result = read(0, &byte, 1);
  }
  report(result, errno, start);
  return 0;
}

static unsigned long step(unsigned long x) { return x * 6364136223846793005UL + 1442695040888963407UL; }

/* Computes until SIGTERM, then computes the same again and compares. */
static int spin(void) {
  unsigned long n = 0, x = 1;
  double d = 1;
  signal(SIGTERM, on_term);
  while (!stop) {
    x = step(x);
    d = d * 0.999 + (double)(x >> 40);
    n++;
  }
  unsigned long y = 1;
  double e = 1;
  for (unsigned long i = 0; i < n; i++) {
    y = step(y);
    e = e * 0.999 + (double)(y >> 40);
  }
  printf("%d\n", x == y && d == e && n > 0);
  return 0;
}

static volatile int received, repeated, reordered, last = -1, finished;
static volatile unsigned char seen[1 << 20];

static void on_realtime(int signo, siginfo_t *info, void *context) {
  (void)signo;
  (void)context;
  int value = info->si_value.sival_int;
  if (seen[value]++) repeated++;
  if (value < last) reordered++;
  last = value;
  received++;
}

static void on_finished(int signo) {
  (void)signo;
  finished = 1;
}

/* Receives `count` numbered signals from a child while it waits, blocks and computes. */
static int signals(int count) {
  struct sigaction action = {.sa_sigaction = on_realtime, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigaction(SIGRTMIN, &action, NULL);
  signal(SIGUSR1, on_finished);
  pid_t self = getpid();
  if (!fork()) {
    for (int i = 0; i < count; i++) {
      union sigval value = {.sival_int = i};
      while (sigqueue(self, SIGRTMIN, value) && errno == EAGAIN) usleep(10);
      if (i % 64 == 0) usleep(200);
    }
    kill(self, SIGUSR1);
    _exit(0);
  }
  while (!finished || received < count) {
    poll(NULL, 0, 1);
    for (volatile int i = 0; i < 1000; i++) {
    }
    if (finished && received < count) {
      poll(NULL, 0, 2000);
      break;
    }
  }
  printf("%d %d %d\n", received, repeated, reordered);
  return 0;
}

static void *count_up(void *counter) {
  while (!stop) ++*(volatile long *)counter;
  return NULL;
}

/* Threads that compute, and a main thread that waits for them. */
static int threads(int count) {
  static long counters[64];
  pthread_t ids[64];
  signal(SIGTERM, on_term);
  for (int i = 0; i < count; i++) pthread_create(&ids[i], NULL, count_up, &counters[i]);
  for (int i = 0; i < count; i++) pthread_join(ids[i], NULL);
  printf("joined\n");
  return 0;
}

/* Maps a file and touches it on command: "r OFFSET" prints a byte, "w OFFSET VALUE" writes one. */
static int faulter(const char *path) {
  int fd = open(path, O_RDWR);
  struct stat st;
  fstat(fd, &st);
  volatile unsigned char *map = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  madvise((void *)map, st.st_size, MADV_NOHUGEPAGE);
  printf("%lu\n", (unsigned long)map);
  fflush(stdout);
  char command;
  long offset;
  int value;
  while (scanf(" %c %ld", &command, &offset) == 2) {
    if (command == 'w') {
      if (scanf("%d", &value) != 1) return 1;
      map[offset] = value;
    }
    printf("%d\n", map[offset]);
    fflush(stdout);
  }
  return 0;
}

int main(int argc, char **argv) {
  int number = argc > 2 ? atoi(argv[2]) : 0;
  alarm(120); /* whatever happens to the test, this process ends */
  printf("%d\n", getpid());
  fflush(stdout);
  if (!strcmp(argv[1], "spin")) return spin();
  if (!strcmp(argv[1], "signals")) return signals(number);
  if (!strcmp(argv[1], "threads")) return threads(number);
  if (!strcmp(argv[1], "faulter")) return faulter(argv[2]);
  return wait_in(argv[1], number);
}
