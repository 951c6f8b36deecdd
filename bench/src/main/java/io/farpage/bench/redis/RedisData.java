package io.farpage.bench.redis;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Data in a Redis server, as its own command {@code DEBUG POPULATE} makes it: every value is known
 * from its key, so that a client can check it, and can write it anew without changing the data.
 *
 * @param keys how many
 * @param valueBytes the length of each value
 */
public record RedisData(int keys, int valueBytes) {
  /** Fills an empty server with the data; this takes a while. */
  public void populate(final RespConnection server) throws IOException {
    server.command("FLUSHALL");
    server.command(
        "DEBUG", "POPULATE", Integer.toString(keys), "key", Integer.toString(valueBytes));
    final Object size = server.command("DBSIZE");
    if (!Long.valueOf(keys).equals(size)) {
      throw new RespException("the server has " + size + " keys and not " + keys);
    }
  }

  /** Returns what all data of the server are, in short: the same as long as no byte differs. */
  public static String digest(final RespConnection server) throws IOException {
    return server.text("DEBUG", "DIGEST");
  }

  /** Returns the name of a key. */
  public byte[] key(final int index) {
    return ("key:" + index).getBytes(StandardCharsets.US_ASCII);
  }

  /** Returns the value that belongs to a key. */
  public byte[] value(final int index) {
    return Arrays.copyOf(("value:" + index).getBytes(StandardCharsets.US_ASCII), valueBytes);
  }

  /** Reads a value. */
  void get(final RespConnection server, final int index) throws IOException {
    if (!(server.command("GET".getBytes(StandardCharsets.US_ASCII), key(index))
            instanceof byte[] found)
        || !Arrays.equals(found, value(index))) {
      throw new RespException("key:" + index + " does not have its value any more");
    }
  }

  /** Writes a value anew. */
  void set(final RespConnection server, final int index) throws IOException {
    server.command("SET".getBytes(StandardCharsets.US_ASCII), key(index), value(index));
  }
}
