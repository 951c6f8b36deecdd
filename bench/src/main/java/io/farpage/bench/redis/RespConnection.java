package io.farpage.bench.redis;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A connection to a Redis server, speaking RESP 2 ("Redis serialization protocol specification").
 * Not thread-safe, but it may be closed by any thread, which ends a command that waits.
 */
public final class RespConnection implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 16;

  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;

  private RespConnection(final Socket socket) throws IOException {
    this.socket = socket;
    in = new BufferedInputStream(socket.getInputStream(), BUFFER_BYTES);
    out = new BufferedOutputStream(socket.getOutputStream(), BUFFER_BYTES);
  }

  /**
   * Connects.
   *
   * @param timeoutMs for the connection; replies may take as long as they want
   */
  public static RespConnection connect(final InetSocketAddress address, final int timeoutMs)
      throws IOException {
    final Socket socket = new Socket();
    try {
      socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
      socket.connect(address, timeoutMs);
      return new RespConnection(socket);
    } catch (final IOException e) {
      socket.close();
      throw e;
    }
  }

  /**
   * Sends a command and returns its reply: a {@link Long}, a byte array for a string, a {@link
   * List} of replies, or null.
   *
   * @throws RespException when the server answers with an error
   */
  public Object command(final byte[]... words) throws IOException {
    write('*', words.length);
    for (final byte[] word : words) {
      write('$', word.length);
      out.write(word);
      out.write('\r');
      out.write('\n');
    }
    out.flush();
    return reply();
  }

  /** The same with text. */
  public Object command(final String... words) throws IOException {
    final byte[][] bytes = new byte[words.length][];
    for (int i = 0; i < words.length; i++) {
      bytes[i] = words[i].getBytes(StandardCharsets.UTF_8);
    }
    return command(bytes);
  }

  /** Sends a command whose reply is text. */
  public String text(final String... words) throws IOException {
    if (command(words) instanceof byte[] bytes) {
      return new String(bytes, StandardCharsets.UTF_8);
    }
    throw new RespException(words[0] + " was not answered with text");
  }

  private void write(final char type, final int number) throws IOException {
    out.write(type);
    out.write(Integer.toString(number).getBytes(StandardCharsets.US_ASCII));
    out.write('\r');
    out.write('\n');
  }

  private Object reply() throws IOException {
    final int type = in.read();
    switch (type) {
      case '+':
        return line().getBytes(StandardCharsets.UTF_8);
      case '-':
        throw new RespException(line());
      case ':':
        return number();
      case '$':
        return bulk((int) number());
      case '*':
        return array((int) number());
      case -1:
        throw new EOFException("the server has closed the connection");
      default:
        throw new RespException("no reply begins with byte " + type);
    }
  }

  private byte[] bulk(final int length) throws IOException {
    if (length < 0) {
      return null;
    }
    final byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException("the server has closed the connection in a reply");
    }
    if (!line().isEmpty()) {
      throw new RespException("a string is longer than its length says");
    }
    return bytes;
  }

  private List<Object> array(final int length) throws IOException {
    if (length < 0) {
      return null;
    }
    final List<Object> replies = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      replies.add(reply());
    }
    return replies;
  }

  private long number() throws IOException {
    final String line = line();
    try {
      return Long.parseLong(line);
    } catch (final NumberFormatException e) {
      throw new RespException("'" + line + "' is no number");
    }
  }

  private String line() throws IOException {
    final StringBuilder line = new StringBuilder();
    for (int next = in.read(); next != '\r'; next = in.read()) {
      if (next < 0) {
        throw new EOFException("the server has closed the connection in a line");
      }
      line.append((char) next);
    }
    if (in.read() != '\n') {
      throw new RespException("a line without an end");
    }
    return line.toString();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
