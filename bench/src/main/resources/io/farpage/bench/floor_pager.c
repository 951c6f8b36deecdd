/*
 * The floor of a demand fault: what Farpage's demand agent does, in C and with nothing else in the way.
 *
 *   floor_pager poll|block|spin|busy PID DESCRIPTOR ADDRESS FILE PAGES PORT
 *
 * takes a userfaultfd out of a process, prints "ready", and answers its faults: with a page from the server at PORT,
 * received straight into the file, or with what the file holds already when PORT is "local".
 */
#include "floor.h"

#define EVENTS 64

static enum waiting waiting;
static int uffd, server = -1;
static uint64_t address;
static char *alias;
static unsigned char *received;
static long in_flight[EVENTS], head, tail, got;

static void show(long page) {
  received[page / 8] |= 1 << page % 8;
  struct uffdio_continue argument = {.range = {address + page * PAGE, PAGE}};
  if (ioctl(uffd, UFFDIO_CONTINUE, &argument) != 0) die("UFFDIO_CONTINUE");
}

static void take_page(int flags) {
  long page = in_flight[head % EVENTS];
  got += receive(server, alias + page * PAGE + got, PAGE - got, flags);
  if (got == PAGE) {
    got = 0;
    head++;
    show(page);
  }
}

static void take_faults(void) {
  static struct uffd_msg events[EVENTS];
  long n = read(uffd, events, sizeof events[0] * (EVENTS - (tail - head)));
  if (n < 0 && errno != EAGAIN) exit(errno == ESRCH ? 0 : 1);
  for (long i = 0; i < n / (long)sizeof events[0]; i++) {
    if (events[i].event != UFFD_EVENT_PAGEFAULT) continue;
    long page = (long)(events[i].arg.pagefault.address - address) / PAGE;
    if (server < 0 || received[page / 8] & 1 << page % 8) {
      show(page);
    } else {
      request_page(server, page);
      in_flight[tail++ % EVENTS] = page;
    }
  }
}

static void poll_descriptors(struct pollfd *readable) {
  if (poll(readable, 2, -1) < 0) die("poll");
  if (readable[1].revents != 0) take_page(MSG_DONTWAIT);
  if (readable[0].revents != 0) take_faults();
}

int main(int count, char **arguments) {
  if (count != 8) return 2;
  waiting = waiting_of(arguments[1]);
  address = strtoull(arguments[4], NULL, 10);
  long pages = atol(arguments[6]);
  alias = map_file(arguments[5], pages);
  received = calloc(1, pages / 8 + 1);
  int process = (int)syscall(SYS_pidfd_open, atoi(arguments[2]), 0);
  uffd = (int)syscall(SYS_pidfd_getfd, process, atoi(arguments[3]), 0);
  if (process < 0 || uffd < 0) die("pidfd_getfd");
  if (strcmp(arguments[7], "local") != 0) server = connect_to(arguments[7]);
  printf("ready\n");
  fflush(stdout);

  struct pollfd readable[2] = {{.fd = uffd, .events = POLLIN}, {.fd = server, .events = POLLIN}};
  for (;;) {
    switch (waiting) {
      case POLLING_DESCRIPTORS:
        poll_descriptors(readable);
        break;
      case BLOCKING: /* for one fault after the other only: poll, because a userfaultfd cannot do both */
        if (poll(readable, 1, -1) < 0) die("poll");
        take_faults();
        while (head != tail) take_page(MSG_WAITALL);
        break;
      case SPINNING:
        poll_descriptors(readable);
        for (long begin = now_ns(); head != tail && now_ns() - begin < SPIN_NS; sched_yield()) take_page(MSG_DONTWAIT);
        break;
      case BUSY:
        if (head != tail)
          take_page(MSG_DONTWAIT);
        else
          take_faults();
        break;
    }
  }
}
