package io.farpage.migration;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/**
 * A host and a port, as the command line spells them: {@code host:port} or {@code [v6]:port}.
 *
 * @param host a name or an address
 * @param port 0 to 65535
 */
public record Endpoint(String host, int port) {
  /**
   * Parses {@code HOST:PORT}.
   *
   * @throws IllegalArgumentException with a message for the operator
   */
  public static Endpoint parse(final String text) {
    final int colon = text.lastIndexOf(':');
    if (colon <= 0) {
      throw new IllegalArgumentException("'" + text + "' is not HOST:PORT");
    }
    String host = text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (host.indexOf(':') >= 0) {
      throw new IllegalArgumentException(
          "'" + text + "' is not HOST:PORT; put an IPv6 address in brackets: [::1]:4444");
    }
    final int port;
    try {
      port = Integer.parseInt(text.substring(colon + 1));
    } catch (final NumberFormatException e) {
      throw new IllegalArgumentException("'" + text + "' has no port number after the colon", e);
    }
    if (host.isEmpty() || port < 0 || port > 65535) {
      throw new IllegalArgumentException("'" + text + "' is not HOST:PORT with a port to 65535");
    }
    return new Endpoint(host, port);
  }

  /**
   * Looks the host up.
   *
   * @throws MigrationException when there is no such host
   */
  public InetSocketAddress resolve() throws MigrationException {
    try {
      return new InetSocketAddress(InetAddress.getByName(host), port);
    } catch (final UnknownHostException e) {
      throw new MigrationException(Outcome.REFUSED, "no such host: " + host, e);
    }
  }

  /** Returns the same host with another port. */
  public Endpoint withPort(final int otherPort) {
    return new Endpoint(host, otherPort);
  }

  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
