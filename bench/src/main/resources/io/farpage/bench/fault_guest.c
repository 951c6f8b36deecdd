/*
 * Stands in for a VMM and its guest: maps a file, registers the mapping with a userfaultfd, and touches pages one at
 * a time in random order. Who pages it takes the descriptor out of this process.
 *
 *   fault_guest FILE PAGES FAULTS SEED
 *
 * prints "ready DESCRIPTOR ADDRESS", waits for a line, touches, and prints the time of each touch in ns, then "end".
 * Each page must hold its own number plus one in its first 8 bytes.
 */
#include "floor.h"

static uint64_t state;

static uint64_t random_number(void) { /* xorshift64*, Vigna 2016 */
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545f4914f6cdd1dULL;
}

int main(int count, char **arguments) {
  if (count != 5) return 2;
  long pages = atol(arguments[2]), faults = atol(arguments[3]);
  state = strtoull(arguments[4], NULL, 10) | 1;
  char *memory = map_file(arguments[1], pages);

  int uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
  if (uffd < 0) die("userfaultfd");
  struct uffdio_api api = {.api = UFFD_API, .features = UFFD_FEATURE_MISSING_SHMEM | UFFD_FEATURE_MINOR_SHMEM};
  if (ioctl(uffd, UFFDIO_API, &api) != 0) die("UFFDIO_API");
  struct uffdio_register range = {.range = {(uintptr_t)memory, pages * PAGE},
                                  .mode = UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_MINOR};
  if (ioctl(uffd, UFFDIO_REGISTER, &range) != 0) die("UFFDIO_REGISTER");

  long *order = malloc(pages * sizeof *order), *taken = calloc(faults, sizeof *taken);
  for (long i = 0; i < pages; i++) order[i] = i;
  for (long i = pages - 1; i > 0; i--) {
    long k = (long)(random_number() % (uint64_t)(i + 1)), page = order[i];
    order[i] = order[k];
    order[k] = page;
  }
  printf("ready %d %ld\n", uffd, (long)memory);
  fflush(stdout);
  if (getchar() == EOF) return 1;

  for (long i = 0; i < faults; i++) {
    volatile uint64_t *page = (volatile uint64_t *)(memory + order[i] * PAGE);
    long begin = now_ns();
    uint64_t content = *page;
    taken[i] = now_ns() - begin;
    if (content != (uint64_t)order[i] + 1) {
      fprintf(stderr, "page %ld holds %lu\n", order[i], (unsigned long)content);
      return 1;
    }
  }
  for (long i = 0; i < faults; i++) printf("%ld\n", taken[i]);
  printf("end\n");
  return 0;
}
