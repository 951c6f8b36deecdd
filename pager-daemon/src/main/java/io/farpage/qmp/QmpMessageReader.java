package io.farpage.qmp;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Cuts a byte stream into QMP messages: one JSON object a line, or spread over lines when QEMU's
 * monitor was made with {@code pretty=on} (the outermost braces then stand alone on theirs).
 *
 * <p>A message is bounded, so that a peer that never ends its line cannot take all memory. Bytes
 * that are no UTF-8 become U+FFFD: one odd name must not end a migration. {@link #next} is for one
 * thread; {@link #excerpt} for any.
 */
final class QmpMessageReader {
  /** QEMU's longest answers (schemas, block graphs) are a few MiB. */
  static final int MAX_MESSAGE_BYTES = 64 << 20;

  private static final int EXCERPT_LENGTH = 60;
  private static final int READ_BYTES = 16 << 10;

  private final InputStream in;
  private final int maxMessageBytes;

  /**
   * What has been read: [0, end), of which [0, lineStart) are finished lines of the current
   * message.
   */
  private byte[] buffer = new byte[READ_BYTES];

  private int end;
  private int lineStart;
  private int scanned;
  private volatile String excerpt = "";

  QmpMessageReader(InputStream in, int maxMessageBytes) {
    this.in = in;
    this.maxMessageBytes = maxMessageBytes;
  }

  /**
   * The next message, stripped; empty lines are skipped. Null at the end of the stream, where an
   * unfinished message is dropped (see {@link #excerpt}).
   *
   * @throws QmpProtocolException when a message is longer than the bound
   */
  String next() throws IOException {
    while (true) {
      while (scanned < end) {
        if (buffer[scanned++] == '\n' && endsMessage()) {
          String message = new String(buffer, 0, scanned, StandardCharsets.UTF_8).strip();
          dropScanned();
          if (!message.isEmpty()) {
            return message;
          }
        }
      }
      if (end > maxMessageBytes) {
        throw new QmpProtocolException(
            "the peer sent a message of more than " + maxMessageBytes + " bytes: not QMP");
      }
      if (buffer.length - end < READ_BYTES) {
        buffer = Arrays.copyOf(buffer, buffer.length * 2);
      }
      int count = in.read(buffer, end, READ_BYTES);
      if (count < 0) {
        return null;
      }
      if (end < EXCERPT_LENGTH) {
        excerpt = printable(head(end + count));
      }
      end += count;
    }
  }

  /** How the unfinished message begins, printable; empty when there is none. For error messages. */
  String excerpt() {
    return excerpt;
  }

  /** The beginning of a text, on one line, without control characters. */
  static String printable(String text) {
    String head = text.length() > EXCERPT_LENGTH ? text.substring(0, EXCERPT_LENGTH) + "…" : text;
    return head.replaceAll("[\\p{Cntrl}\\uFFFD]+", ".").strip();
  }

  /**
   * Called at a line end: whether the line is a whole message, or the last of a pretty-printed one.
   */
  private boolean endsMessage() {
    int length = scanned - 1 - lineStart;
    if (length > 0 && buffer[scanned - 2] == '\r') {
      length--;
    }
    boolean pretty = lineStart > 0 || (length == 1 && buffer[0] == '{');
    boolean last = length == 1 && buffer[lineStart] == '}';
    if (pretty && !last) {
      lineStart = scanned;
      return false;
    }
    return true;
  }

  private void dropScanned() {
    System.arraycopy(buffer, scanned, buffer, 0, end - scanned);
    end -= scanned;
    scanned = 0;
    lineStart = 0;
    excerpt = printable(head(end));
    if (buffer.length > 4 * READ_BYTES && end < READ_BYTES) {
      buffer = Arrays.copyOf(buffer, 2 * READ_BYTES);
    }
  }

  private String head(int length) {
    return new String(buffer, 0, Math.min(length, 4 * EXCERPT_LENGTH), StandardCharsets.UTF_8);
  }
}
