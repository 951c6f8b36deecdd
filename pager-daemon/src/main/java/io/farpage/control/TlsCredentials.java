package io.farpage.control;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * X.509 credentials in a directory laid out as QEMU's {@code tls-creds-x509}: {@code ca-cert.pem},
 * and {@code server-cert.pem} with {@code server-key.pem} on the source or {@code client-cert.pem}
 * with {@code client-key.pem} on the destination.
 *
 * <p>Both sides must show a certificate of that CA; the destination also checks that the source's
 * certificate is for the host it connects to.
 */
public final class TlsCredentials {
  private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
  private static final char[] NO_PASSWORD = new char[0];

  private final SSLContext context;

  private TlsCredentials(final SSLContext context) {
    this.context = context;
  }

  /** Loads the source's credentials. */
  public static TlsCredentials forServer(final Path directory) throws IOException {
    return load(directory, "server");
  }

  /** Loads the destination's credentials. */
  public static TlsCredentials forClient(final Path directory) throws IOException {
    return load(directory, "client");
  }

  private static TlsCredentials load(final Path directory, final String role) throws IOException {
    final Path caFile = readable(directory, "ca-cert.pem");
    final Path certificateFile = readable(directory, role + "-cert.pem");
    final Path keyFile = readable(directory, role + "-key.pem");
    try {
      final KeyStore own = emptyStore();
      final PrivateKey key = PemPrivateKey.read(keyFile);
      own.setKeyEntry(
          role, key, NO_PASSWORD, certificates(certificateFile).toArray(new Certificate[0]));
      final KeyStore authorities = emptyStore();
      int number = 0;
      for (final Certificate authority : certificates(caFile)) {
        authorities.setCertificateEntry("ca" + number++, authority);
      }
      final KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(own, NO_PASSWORD);
      final TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(authorities);
      final SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
      return new TlsCredentials(context);
    } catch (final GeneralSecurityException e) {
      throw new IOException("TLS credentials in " + directory + ": " + e.getMessage(), e);
    }
  }

  private static Path readable(final Path directory, final String name) throws IOException {
    final Path file = directory.resolve(name);
    if (!Files.isReadable(file)) {
      throw new IOException(
          "TLS credentials: "
              + file
              + " is missing or cannot be read; the directory needs"
              + " ca-cert.pem and, on the source, server-cert.pem and server-key.pem, on the"
              + " destination client-cert.pem and client-key.pem");
    }
    return file;
  }

  private static Collection<? extends Certificate> certificates(final Path file)
      throws IOException, GeneralSecurityException {
    try (InputStream in = Files.newInputStream(file)) {
      final Collection<? extends Certificate> all =
          CertificateFactory.getInstance("X.509").generateCertificates(in);
      if (all.isEmpty()) {
        throw new IOException("TLS credentials: no certificate in " + file);
      }
      return all;
    }
  }

  private static KeyStore emptyStore() throws IOException, GeneralSecurityException {
    final KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, NO_PASSWORD);
    return store;
  }

  SSLSocket acceptOn(final Socket socket) throws IOException {
    final SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(socket, null, true);
    tls.setUseClientMode(false);
    tls.setEnabledProtocols(PROTOCOLS);
    tls.setNeedClientAuth(true);
    return tls;
  }

  SSLSocket connectOn(final Socket socket, final InetSocketAddress address) throws IOException {
    final SSLSocket tls =
        (SSLSocket)
            context
                .getSocketFactory()
                .createSocket(socket, address.getHostString(), address.getPort(), true);
    final SSLParameters parameters = tls.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    parameters.setProtocols(PROTOCOLS);
    tls.setSSLParameters(parameters);
    return tls;
  }
}
