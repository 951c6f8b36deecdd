package io.farpage.migration;

import io.farpage.control.PeerConnection;
import io.farpage.control.Preface;
import io.farpage.control.ProtocolException;
import io.farpage.control.Wire;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import javax.net.ssl.SSLException;

/** Opens the destination's connections to the source. */
final class SourceConnector {
  private static final int TIMEOUT_MS = 10_000;

  private final Endpoint source;
  private final Wire wire;
  private final InetSocketAddress address;

  SourceConnector(final Endpoint source, final Wire wire) throws MigrationException {
    this.source = source;
    this.wire = wire;
    if (source.port() == 0) {
      throw new MigrationException(
          Outcome.REFUSED, "--source needs the port the source listens on");
    }
    address = source.resolve();
    if (!wire.allows(address.getAddress())) {
      throw new MigrationException(
          Outcome.REFUSED,
          source
              + " is not loopback: guest memory would travel unencrypted and from anybody; give"
              + " both sides --tls-creds DIR, or --insecure on a network that you trust");
    }
  }

  /** Returns where the source is. */
  InetSocketAddress address() {
    return address;
  }

  /** Connects and exchanges prefaces. */
  PeerConnection connect(final Preface preface) throws MigrationException {
    try {
      final PeerConnection connection = wire.connect(address, TIMEOUT_MS);
      try {
        connection.readTimeout(TIMEOUT_MS);
        preface.write(connection.out());
        Preface.read(connection.in()).requireVersion("source");
        connection.readTimeout(0);
        return connection;
      } catch (final IOException e) {
        connection.close();
        throw e;
      }
    } catch (final ConnectException | NoRouteToHostException e) {
      throw new MigrationException(
          Outcome.FAILED,
          "cannot reach the source at "
              + source
              + ": "
              + e.getMessage()
              + "; is `farpage source --listen` running there, and does the firewall let it pass?",
          e);
    } catch (final SocketTimeoutException e) {
      throw new MigrationException(
          Outcome.FAILED,
          "the source at " + source + " does not answer: is it Farpage that listens there?",
          e);
    } catch (final SSLException e) {
      // with TLS 1.3 the source looks at this side's certificate after the handshake
      throw new MigrationException(Outcome.FAILED, source + ": " + Wire.failure(e).getMessage(), e);
    } catch (final ProtocolException e) {
      throw new MigrationException(Outcome.FAILED, source + ": " + e.getMessage(), e);
    } catch (final IOException e) {
      throw new MigrationException(
          Outcome.FAILED,
          "the connection to the source at "
              + source
              + " broke: "
              + Conductor.message(e)
              // with TLS 1.3 a source that refuses this side's certificate may just hang up
              + (wire.isEncrypted()
                  ? "; check that both sides have --tls-creds with certificates of the same CA"
                  : "; see what the source says, and whether it has --tls-creds"),
          e);
    }
  }
}
