package io.farpage.control;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

/**
 * How bytes go between the daemons: encrypted and authenticated with TLS credentials, or plain.
 *
 * <p>Plain is allowed on loopback, and elsewhere only when the operator insists: guest memory would
 * travel in the clear, to and from anybody.
 */
public final class Wire {
  private final TlsCredentials credentials;
  private final boolean insecure;

  private Wire(final TlsCredentials credentials, final boolean insecure) {
    this.credentials = credentials;
    this.insecure = insecure;
  }

  /** Returns the plain wire; {@code insecure} allows it beyond loopback. */
  public static Wire plain(final boolean insecure) {
    return new Wire(null, insecure);
  }

  /** Returns the encrypted wire. */
  public static Wire tls(final TlsCredentials credentials) {
    return new Wire(credentials, false);
  }

  /** Returns whether an address may be used with this wire. */
  public boolean allows(final InetAddress address) {
    return credentials != null || insecure || address.isLoopbackAddress();
  }

  /** Returns whether connections are encrypted. */
  public boolean isEncrypted() {
    return credentials != null;
  }

  /** Makes a connection out of an accepted channel, within a time for the TLS handshake. */
  public PeerConnection accept(final SocketChannel channel, final int timeoutMs)
      throws IOException {
    PeerConnection.configure(channel);
    if (credentials == null) {
      return PeerConnection.plain(channel);
    }
    return encrypt(channel, credentials.acceptOn(channel.socket()), timeoutMs);
  }

  /** Connects to the source, within a time for connecting and the TLS handshake each. */
  public PeerConnection connect(final InetSocketAddress address, final int timeoutMs)
      throws IOException {
    final SocketChannel channel = SocketChannel.open();
    try {
      channel.socket().connect(address, timeoutMs);
      PeerConnection.configure(channel);
      if (credentials == null) {
        return PeerConnection.plain(channel);
      }
      return encrypt(channel, credentials.connectOn(channel.socket(), address), timeoutMs);
    } catch (final IOException e) {
      channel.close();
      throw e;
    }
  }

  /** Says what is wrong with a TLS session, and what to do. */
  public static ProtocolException failure(final SSLException e) {
    final String message = String.valueOf(e.getMessage());
    final String why;
    if (message.contains("PKIX")) {
      why = "the peer's certificate is not of the CA in ca-cert.pem";
    } else if (message.contains("certificate") && message.contains("alert")) {
      why = "the peer does not accept this side's certificate (" + message + ")";
    } else {
      why = message;
    }
    return new ProtocolException(
        "no TLS session with the peer: "
            + why
            + "; check that both sides have --tls-creds with certificates of the same CA");
  }

  private static PeerConnection encrypt(
      final SocketChannel channel, final SSLSocket tls, final int timeoutMs) throws IOException {
    tls.setSoTimeout(timeoutMs);
    try {
      tls.startHandshake();
    } catch (final SSLException e) {
      throw failure(e);
    }
    tls.setSoTimeout(0);
    return PeerConnection.encrypted(channel, tls);
  }
}
