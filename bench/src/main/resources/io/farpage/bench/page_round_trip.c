/*
 * The transport alone: asks a page server for pages one at a time, into memory that is there.
 *
 *   page_round_trip poll|block|spin|busy PORT PAGES COUNT
 *
 * prints the time of each round trip in ns, then "end".
 */
#include "floor.h"

int main(int count, char **arguments) {
  if (count != 5) return 2;
  enum waiting waiting = waiting_of(arguments[1]);
  int fd = connect_to(arguments[2]);
  long pages = atol(arguments[3]), trips = atol(arguments[4]);
  long *taken = calloc(trips, sizeof *taken);
  char *into = malloc(PAGE);
  memset(into, 1, PAGE);
  for (long i = 0; i < trips; i++) {
    long begin = now_ns(), got = 0;
    request_page(fd, i * 7919 % pages);
    while (got < PAGE) {
      if (waiting == POLLING_DESCRIPTORS || (waiting == SPINNING && now_ns() - begin > SPIN_NS)) {
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        if (poll(&readable, 1, -1) < 0) die("poll");
      }
      long n = receive(fd, into + got, PAGE - got, waiting == BLOCKING ? MSG_WAITALL : MSG_DONTWAIT);
      if (n == 0 && waiting == SPINNING) sched_yield();
      got += n;
    }
    taken[i] = now_ns() - begin;
  }
  for (long i = 0; i < trips; i++) printf("%ld\n", taken[i]);
  printf("end\n");
  return 0;
}
