package io.farpage.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/** Each in a thread of its own: what is set stays set. */
class ThreadSchedulingTest {
  private static final int FIELDS_BEFORE_POLICY = 38;

  @Test
  void aThreadCanLetOthersGoFirst() throws Exception {
    assertEquals("3", policyAfter(ThreadScheduling::runBehind));
  }

  @Test
  void shortSlicesKeepTheOrdinaryPolicy() throws Exception {
    assertEquals("0", policyAfter(() -> ThreadScheduling.shortSlices(100_000)));
  }

  private interface Setting {
    int apply();
  }

  private static String policyAfter(final Setting setting) throws Exception {
    final FutureTask<String> task =
        new FutureTask<>(
            () -> {
              assertEquals(0, setting.apply());
              return policy();
            });
    new Thread(task).start();
    return task.get();
  }

  /** Field 41 of stat; the second, the name, may have spaces in it. */
  private static String policy() throws IOException {
    final String stat = Files.readString(Path.of("/proc/thread-self/stat"));
    return stat.substring(stat.lastIndexOf(')') + 2).split(" ")[FIELDS_BEFORE_POLICY];
  }
}
