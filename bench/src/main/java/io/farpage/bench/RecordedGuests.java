package io.farpage.bench;

import io.farpage.trace.FaultTrace;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** The traces that come with this program, made by {@code farpage bench record}. */
public final class RecordedGuests {
  private static final String DIRECTORY = "traces/";

  private RecordedGuests() {}

  /** Reads all of them, by name. */
  public static Map<String, FaultTrace> all() throws IOException {
    final Map<String, FaultTrace> traces = new LinkedHashMap<>();
    try (InputStream list = open("list")) {
      for (final String name :
          new String(list.readAllBytes(), StandardCharsets.US_ASCII).split("\n")) {
        traces.put(name, read(name));
      }
    }
    return traces;
  }

  /** Reads the one of a name. */
  public static FaultTrace read(final String name) throws IOException {
    try (InputStream in = open(name + ".faults.gz")) {
      return FaultTrace.read(Path.of(name), in);
    }
  }

  private static InputStream open(final String resource) throws IOException {
    final InputStream in = RecordedGuests.class.getResourceAsStream(DIRECTORY + resource);
    if (in == null) {
      throw new IOException("there is no recorded guest " + resource);
    }
    return in;
  }
}
