package io.farpage.dirty;

import io.farpage.prefetch.PageSpace;
import io.farpage.transport.Extents;
import io.farpage.vmm.RamRegion;
import io.farpage.vmm.Vmm;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** A tracker in a process of its own, to be killed. */
final class TrackerProcess implements AutoCloseable {
  private final Process process;
  private final int vmmUserfaultfd;

  private TrackerProcess(final Process process) throws IOException {
    this.process = process;
    final BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
    vmmUserfaultfd = Integer.parseInt(output.readLine());
  }

  /** Starts it, and waits until it tracks. */
  static TrackerProcess start(final Vmm vmm) throws IOException {
    final RamRegion ram = vmm.ram().get(0);
    return new TrackerProcess(
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + System.getProperty("farpage.java.options"),
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                TrackerProcess.class.getName(),
                Integer.toString(vmm.pid()),
                ram.path().toString(),
                Long.toString(ram.sizeBytes()),
                Long.toString(ram.hostAddress()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start());
  }

  /** The VMM's number of the userfaultfd. */
  int vmmUserfaultfd() {
    return vmmUserfaultfd;
  }

  /** SIGKILL. */
  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (final InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Tracks the process of which it is told. */
  public static void main(final String[] arguments) throws IOException, InterruptedException {
    final RamRegion ram =
        new RamRegion(
            "mem",
            Path.of(arguments[1]),
            Long.parseLong(arguments[2]),
            4096,
            Long.parseLong(arguments[3]));
    final Vmm vmm =
        new Vmm() {
          @Override
          public int pid() {
            return Integer.parseInt(arguments[0]);
          }

          @Override
          public String name() {
            return "writer";
          }

          @Override
          public List<RamRegion> ram() {
            return List.of(ram);
          }

          @Override
          public void close() {}
        };
    final DirtyTracker tracker =
        DirtyTrackers.open(
            vmm,
            new PageSpace(new long[] {ram.sizeBytes()}, new long[] {ram.pageSizeBytes()}),
            DirtyTracking.WP_ASYNC);
    final Extents data = new Extents(1);
    data.add(0, 0, ram.sizeBytes());
    tracker.arm(data);
    System.out.println(tracker.vmmUserfaultfd());
    Thread.sleep(60_000);
  }
}
