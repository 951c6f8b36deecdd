package io.farpage.control;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads an unencrypted private key in PEM: PKCS#8, or PKCS#1 as {@code certtool} writes RSA keys
 * (RFC 8017, appendix A.1.2), which Java does not read by itself.
 */
final class PemPrivateKey {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN (RSA |)PRIVATE KEY-----([^-]+)-----END");
  private static final String[] ALGORITHMS = {"RSA", "EC", "EdDSA"};

  /** Version 0, and the algorithm rsaEncryption with NULL parameters, in DER. */
  private static final byte[] PKCS8_RSA_PREFIX = {
    0x02,
    0x01,
    0x00,
    0x30,
    0x0d,
    0x06,
    0x09,
    0x2a,
    (byte) 0x86,
    0x48,
    (byte) 0x86,
    (byte) 0xf7,
    0x0d,
    0x01,
    0x01,
    0x01,
    0x05,
    0x00
  };

  private PemPrivateKey() {}

  static PrivateKey read(final Path file) throws IOException, GeneralSecurityException {
    final Matcher block = BLOCK.matcher(Files.readString(file, StandardCharsets.US_ASCII));
    if (!block.find()) {
      throw new IOException(
          "TLS credentials: " + file + " holds no unencrypted PKCS#8 or RSA private key in PEM");
    }
    final byte[] der = Base64.getMimeDecoder().decode(block.group(2));
    final byte[] pkcs8 = block.group(1).isEmpty() ? der : wrapRsa(der);
    for (final String algorithm : ALGORITHMS) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
      } catch (final InvalidKeySpecException e) {
        continue; // another kind of key
      }
    }
    throw new IOException("TLS credentials: the kind of key in " + file + " is not supported");
  }

  private static byte[] wrapRsa(final byte[] pkcs1) {
    return der(0x30, concatenate(PKCS8_RSA_PREFIX, der(0x04, pkcs1)));
  }

  private static byte[] der(final int tag, final byte[] content) {
    final ByteBuffer out = ByteBuffer.allocate(content.length + 5);
    out.put((byte) tag);
    if (content.length < 0x80) {
      out.put((byte) content.length);
    } else if (content.length < 0x100) {
      out.put((byte) 0x81).put((byte) content.length);
    } else {
      out.put((byte) 0x82).putShort((short) content.length);
    }
    out.put(content).flip();
    final byte[] bytes = new byte[out.remaining()];
    out.get(bytes);
    return bytes;
  }

  private static byte[] concatenate(final byte[] first, final byte[] second) {
    return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
  }
}
