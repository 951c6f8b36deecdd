/* Maps a file and touches each of its pages once, in random order, with several threads at a time.

   toucher FILE PAGES THREADS

   It prints where the file is mapped, waits for a line on its standard input, touches, and prints how many
   nanoseconds that took and how many pages did not hold what they should; then, as 32-bit numbers, how many
   nanoseconds each touch took. Page N should begin with the 64-bit number N + 1. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, DEADLINE_S = 120 };

struct part {
  pthread_t thread;
  long from, to;
  long wrong;
};

static unsigned char *map;
static uint32_t *order;
static uint32_t *taken_ns;
static pthread_barrier_t begin;

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void *touch(void *argument) {
  struct part *part = argument;
  pthread_barrier_wait(&begin);
  for (long i = part->from; i < part->to; i++) {
    volatile uint64_t *at = (volatile uint64_t *)(map + (uint64_t)order[i] * PAGE);
    int64_t since = now_ns();
    uint64_t found = *at;
    int64_t taken = now_ns() - since;
    taken_ns[i] = taken < UINT32_MAX ? taken : UINT32_MAX;
    part->wrong += found != (uint64_t)order[i] + 1;
  }
  return NULL;
}

static void shuffle(long pages) {
  uint64_t x = 88172645463325252ULL;
  for (long i = 0; i < pages; i++) order[i] = i;
  for (long i = pages - 1; i > 0; i--) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    long k = x % (i + 1);
    uint32_t other = order[k];
    order[k] = order[i];
    order[i] = other;
  }
}

static int fail(const char *what) {
  perror(what);
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  long pages = atol(argv[2]);
  int threads = atoi(argv[3]);
  if (pages < 1 || threads < 1) return 2;
  alarm(DEADLINE_S); /* pages that never come must not keep it for ever */
  int fd = open(argv[1], O_RDWR | O_CLOEXEC);
  if (fd < 0) return fail(argv[1]);
  map = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) return fail("mmap");
  order = calloc(pages, sizeof *order);
  taken_ns = malloc(pages * sizeof *taken_ns);
  struct part *parts = calloc(threads, sizeof *parts);
  if (!order || !taken_ns || !parts) return fail("malloc");
  memset(taken_ns, 0xff, pages * sizeof *taken_ns); /* no other faults while it measures */
  shuffle(pages);
  pthread_barrier_init(&begin, NULL, threads + 1);
  for (int i = 0; i < threads; i++) {
    parts[i].from = pages * i / threads;
    parts[i].to = pages * (i + 1) / threads;
    if (pthread_create(&parts[i].thread, NULL, touch, &parts[i])) return fail("pthread_create");
  }
  printf("%lu\n", (unsigned long)map);
  fflush(stdout);
  char go[16];
  if (!fgets(go, sizeof go, stdin)) return 1;
  int64_t since = now_ns();
  pthread_barrier_wait(&begin);
  long wrong = 0;
  for (int i = 0; i < threads; i++) {
    pthread_join(parts[i].thread, NULL);
    wrong += parts[i].wrong;
  }
  printf("%ld %ld\n", (long)(now_ns() - since), wrong);
  fwrite(taken_ns, sizeof *taken_ns, pages, stdout);
  fflush(stdout);
  return 0;
}
