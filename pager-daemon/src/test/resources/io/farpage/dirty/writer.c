/*
 * Stands in for a VMM: maps a file and has threads write to it at random. It prints its pid, the address of the
 * mapping, and an answer to each command:
 *   go FIRST COUNT    threads write to these pages    stop    until no thread writes any more
 *   w PAGE VALUE      writes one byte                 r PAGE  reads one
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define THREADS 2

static volatile unsigned char *map;
static long page_bytes, first, count;
static atomic_int running, busy;
static atomic_long writes;

static void *write_for_ever(void *seed) {
  unsigned long x = (unsigned long)seed;
  for (;;) {
    atomic_fetch_add(&busy, 1);
    if (!atomic_load(&running)) {
      atomic_fetch_sub(&busy, 1);
      usleep(100);
      continue;
    }
    for (int i = 0; i < 64; i++) {
      x = x * 6364136223846793005UL + 1442695040888963407UL;
      long page = first + (long)((x >> 33) % (unsigned long)count);
      *(volatile unsigned long *)(map + page * page_bytes + (x >> 20) % 4096 / 8 * 8) = x;
    }
    atomic_fetch_add(&writes, 64);
    atomic_fetch_sub(&busy, 1);
  }
  return NULL;
}

int main(int argc, char **argv) {
  alarm(120); /* whatever happens to the test, this process ends */
  int fd = open(argv[1], O_RDWR);
  struct stat st;
  fstat(fd, &st);
  page_bytes = argc > 2 ? atol(argv[2]) : 4096;
  map = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) return 1;
  madvise((void *)map, st.st_size, MADV_NOHUGEPAGE);
  for (long i = 1; i <= THREADS; i++) {
    pthread_t id;
    pthread_create(&id, NULL, write_for_ever, (void *)i);
  }
  printf("%d\n%lu\n", getpid(), (unsigned long)map);
  fflush(stdout);
  char command[8];
  while (scanf("%7s", command) == 1) {
    long page, value;
    if (!strcmp(command, "go")) {
      if (scanf("%ld %ld", &first, &count) != 2) return 1;
      atomic_store(&running, 1);
      puts("going");
    } else if (!strcmp(command, "stop")) {
      atomic_store(&running, 0);
      while (atomic_load(&busy)) usleep(10);
      printf("%ld\n", atomic_load(&writes));
    } else if (!strcmp(command, "w")) {
      if (scanf("%ld %ld", &page, &value) != 2) return 1;
      map[page * page_bytes] = value;
      puts("written");
    } else {
      if (scanf("%ld", &page) != 1) return 1;
      printf("%d\n", map[page * page_bytes]);
    }
    fflush(stdout);
  }
  return 0;
}
