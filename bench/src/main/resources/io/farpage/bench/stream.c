/*
 * A plain TCP stream from memory to memory: what the network and the kernel can do with a guest's RAM.
 *
 *   stream send FILE PAGES ADDRESS          prints "port N", sends the file to whoever connects, ends
 *   stream receive FILE PAGES ADDRESS PORT  fills the file, prints the time from first to last in ns, then "end"
 */
#include "floor.h"

#define CHUNK (256L << 10)

static struct sockaddr_in endpoint(const char *address, int port) {
  struct sockaddr_in result = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (inet_pton(AF_INET, address, &result.sin_addr) != 1) {
    fprintf(stderr, "no IPv4 address: %s\n", address);
    exit(2);
  }
  return result;
}

static void send_all(char *memory, long length, const char *from) {
  struct sockaddr_in own = endpoint(from, 0);
  socklen_t size = sizeof own;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&own, size) != 0 || listen(listener, 1) != 0 ||
      getsockname(listener, (struct sockaddr *)&own, &size) != 0)
    die("listen");
  printf("port %d\n", ntohs(own.sin_port));
  fflush(stdout);
  int fd = accept(listener, NULL, NULL);
  if (fd < 0) die("accept");
  for (long sent = 0; sent < length;) {
    long n = send(fd, memory + sent, length - sent < CHUNK ? length - sent : CHUNK, MSG_NOSIGNAL);
    if (n < 0) die("send");
    sent += n;
  }
}

static void receive_all(char *memory, long length, const char *from, int port) {
  struct sockaddr_in source = endpoint(from, port);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  long begin = now_ns(), got = 0;
  if (fd < 0 || connect(fd, (struct sockaddr *)&source, sizeof source) != 0) die("connect");
  while (got < length) got += receive(fd, memory + got, length - got < CHUNK ? length - got : CHUNK, 0);
  printf("%ld\nend\n", now_ns() - begin);
}

int main(int count, char **arguments) {
  if (count < 5) return 2;
  long pages = atol(arguments[3]);
  char *memory = map_file(arguments[2], pages);
  if (strcmp(arguments[1], "send") == 0)
    send_all(memory, pages * PAGE, arguments[4]);
  else if (count == 6)
    receive_all(memory, pages * PAGE, arguments[4], atoi(arguments[5]));
  else
    return 2;
  return 0;
}
