package io.farpage.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The lab's RDMA adapter works. */
@Tag("lab")
@Timeout(120)
public class SoftRoceTest {
  @Test
  void theAdapterIsActive() throws IOException {
    RdmaPort port = RdmaPort.own();
    assertEquals("4: ACTIVE", port.attribute("state"));
    assertTrue(Files.isWritable(Path.of("/dev/infiniband/rdma_cm")));
  }

  @Test
  void itsPacketsHoldAPage() throws Exception {
    String device = RdmaPort.own().device();
    assumeTrue(device.startsWith("rxe"), "a real adapter, whose packets are as its network wants");
    String info = output("ibv_devinfo", "-d", device);
    assertTrue(info.matches("(?s).*active_mtu:\\s+4096 .*"), info);
  }

  @Test
  void aProcessReadsTheMemoryOfAnother() throws Exception {
    RdmaPort port = RdmaPort.own();
    Process server =
        new ProcessBuilder(ReadLatency.server(port))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      output("bash", "-c", ReadLatency.AWAIT_SERVER);
      String address = System.getenv("FARPAGE_LAB_ADDRESS");
      ReadLatency.assertDone(output(ReadLatency.client(port, address)));
      assertTrue(server.waitFor(30, TimeUnit.SECONDS));
      assertEquals(0, server.exitValue());
    } finally {
      server.destroyForcibly();
    }
  }

  private static String output(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }
}
