/*
 * Serves the pages of a file on one TCP connection: a request of 16 bytes, the page, as often as the peer asks.
 *
 *   page_server FILE PAGES
 *
 * prints "port N".
 */
#include "floor.h"

int main(int count, char **arguments) {
  if (count != 3) return 2;
  long pages = atol(arguments[2]);
  char *memory = map_file(arguments[1], pages);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 1) != 0 ||
      getsockname(listener, (struct sockaddr *)&address, &length) != 0)
    die("listen");
  printf("port %d\n", ntohs(address.sin_port));
  fflush(stdout);
  int fd = accept(listener, NULL, NULL);
  if (fd < 0) die("accept");
  no_delay(fd);
  for (;;) {
    struct page_request request;
    long n = recv(fd, &request, sizeof request, MSG_WAITALL);
    if (n == 0) return 0;
    if (n != sizeof request) die("recv");
    if (request.length > pages * PAGE || request.offset > pages * PAGE - request.length) return 1;
    for (long sent = 0; sent < request.length;) {
      n = send(fd, memory + request.offset + sent, request.length - sent, MSG_NOSIGNAL);
      if (n < 0) die("send");
      sent += n;
    }
  }
}
