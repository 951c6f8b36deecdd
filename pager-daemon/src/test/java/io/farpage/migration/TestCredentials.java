package io.farpage.migration;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** TLS credentials as QEMU lays them out, good for two days. */
final class TestCredentials {
  /** How a private key is written. */
  enum KeyFormat {
    PKCS1("genrsa", "-traditional", "2048"),
    PKCS8("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
    ELLIPTIC_CURVE("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256");

    private final List<String> command;

    KeyFormat(final String... command) {
      this.command = List.of(command);
    }
  }

  private TestCredentials() {}

  /** Makes a directory with a CA of its own and what both sides need. */
  static Path make(final Path directory, final String name, final KeyFormat format)
      throws Exception {
    final Path made = Files.createDirectory(directory.resolve(name));
    openssl(
        made,
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        "ca-key.pem",
        "-out",
        "ca-cert.pem",
        "-days",
        "2",
        "-subj",
        "/CN=" + name);
    for (final String role : List.of("server", "client")) {
      final String key = role + "-key.pem";
      final ArrayList<String> generate = new ArrayList<>(format.command);
      generate.addAll(1, List.of("-out", key));
      openssl(made, generate.toArray(String[]::new));
      openssl(made, "req", "-new", "-key", key, "-out", role + ".csr", "-subj", "/CN=" + role);
      Files.writeString(made.resolve("names"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
      openssl(
          made,
          "x509",
          "-req",
          "-in",
          role + ".csr",
          "-CA",
          "ca-cert.pem",
          "-CAkey",
          "ca-key.pem",
          "-CAcreateserial",
          "-days",
          "2",
          "-extfile",
          "names",
          "-out",
          role + "-cert.pem");
    }
    return made;
  }

  private static void openssl(final Path directory, final String... arguments) throws Exception {
    final ArrayList<String> command = new ArrayList<>(List.of("openssl"));
    command.addAll(List.of(arguments));
    final Process process =
        new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true).start();
    final String output = new String(process.getInputStream().readAllBytes());
    if (process.waitFor() != 0) {
      throw new IOException(command + ": " + output);
    }
  }
}
