package io.farpage.lab;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** perftest's {@code ib_read_lat}: 4 KiB READs, with completion events, from a server's memory. */
final class ReadLatency {
  static final int READS = 200;

  /** For bash: returns when the server listens. */
  static final String AWAIT_SERVER =
      "for ((i = 0; i < 1200; i++)); do"
          + " grep -qE ':4853 0+:0000 0A' /proc/net/tcp /proc/net/tcp6 && exit 0; sleep 0.05;"
          + " done; exit 1";

  private static final int PORT = 0x4853;
  private static final Pattern RESULT =
      Pattern.compile("^ *4096 +" + READS + " +([0-9.]+)", Pattern.MULTILINE);

  private ReadLatency() {}

  static String[] server(RdmaPort port) {
    return command(port);
  }

  static String[] client(RdmaPort port, String serverAddress) {
    return command(port, serverAddress);
  }

  /** Fails unless the client's output ends in figures. */
  static void assertDone(String output) {
    Matcher matcher = RESULT.matcher(output);
    assertTrue(matcher.find(), output);
    assertTrue(Double.parseDouble(matcher.group(1)) > 0, output);
  }

  private static String[] command(RdmaPort port, String... more) {
    List<String> command =
        new ArrayList<>(List.of("ib_read_lat", "-e", "-s", "4096", "-n", "" + READS));
    command.addAll(List.of("-d", port.device(), "-x", "" + port.gidIndex(), "-p", "" + PORT));
    command.addAll(Arrays.asList(more));
    return command.toArray(String[]::new);
  }
}
