package io.farpage.bench;

import io.farpage.guest.QemuInstallation;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code farpage bench bulk}: how much of the network the prefetcher makes use of. */
@Command(
    name = "bulk",
    description =
        "Rate at which an idle guest's memory is fetched, beside a plain TCP stream in C between"
            + " memory of the same kind, in rounds.",
    mixinStandardHelpOptions = true)
final class BulkCommand implements Callable<Integer> {
  private static final int USUAL_ROUNDS = 7;
  private static final double LEAST_OF_STREAM = 0.9;
  private static final double LEAST_OF_LINK = 0.95;

  /** What a full packet is on Ethernet, and what of it is data: IP and TCP with timestamps. */
  private static final double HEADERS = 1514.0 / 1448;

  @Mixin private MeasurementOptions options;

  @Option(
      names = "--memory",
      defaultValue = "1G",
      converter = ByteSize.class,
      description = "RAM of the guest; all of it is data (default: ${DEFAULT-VALUE})")
  private long memory;

  @Option(
      names = "--rate",
      paramLabel = "R",
      converter = LinkRate.class,
      description = "of a link between two network namespaces; without it, the loopback interface")
  private Long rate;

  @Override
  public Integer call() throws IOException {
    final int rounds = options.rounds(USUAL_ROUNDS);
    final QemuInstallation installation = options.qemu();
    final Findings findings =
        options
            .begin(installation)
            .note("guest", (memory >> 20) + " MiB of data, idle")
            .note(
                "link",
                rate == null
                    ? "loopback"
                    : String.format(Locale.ROOT, "link of %.1f MB/s", rate / 1e6));
    try (Testbed testbed = Testbed.open()) {
      RamFill.requireRoom(testbed.directory(), "a guest on both sides, and a stream", 4 * memory);
      final List<Host> hosts = hosts(testbed);
      final TcpStream stream =
          new TcpStream(testbed, hosts.get(0), hosts.get(hosts.size() - 1), memory);
      findings.say("booting a guest of %d MiB", memory >> 20);
      final FullGuest guest =
          new FullGuest(testbed, installation, options.accelerator(), hosts, memory);
      for (int round = 1; round <= rounds; round++) {
        if (round % 2 == 1) {
          noteStream(stream, findings);
          noteMove(guest, findings);
        } else {
          noteMove(guest, findings);
          noteStream(stream, findings);
        }
        findings.say(
            "round %d: stream %.1f MB/s, prefetcher %.1f MB/s",
            round, findings.rounds().last("stream MB/s"), findings.rounds().last("bulk MB/s"));
      }
      guest.verify();
    }
    setGoals(findings);
    findings.print(
        List.of(
            new Table("what", "median, MB/s")
                .row("stream", findings.median("stream MB/s", "%.1f"))
                .row("prefetcher", findings.median("bulk MB/s", "%.1f"))
                .row(
                    "prefetcher, to the event that all is complete",
                    findings.median("whole MB/s", "%.1f"))));
    return 0;
  }

  private List<Host> hosts(final Testbed testbed) throws IOException {
    if (rate == null) {
      return List.of(Host.HERE);
    }
    final LimitedLink link = testbed.add(LimitedLink.open(rate));
    return List.of(Host.at(link.source()), Host.at(link.destination()));
  }

  private void noteStream(final TcpStream stream, final Findings findings) throws IOException {
    findings.rounds().add("stream MB/s", stream.bytesPerSecond() / 1e6);
  }

  private void noteMove(final FullGuest guest, final Findings findings) throws IOException {
    final PostcopyRate fetched = PostcopyRate.of(guest.move());
    findings.rounds().add("bulk MB/s", fetched.fetchBytesPerSecond() / 1e6);
    findings.rounds().add("whole MB/s", fetched.bytesPerSecond() / 1e6);
  }

  private void setGoals(final Findings findings) {
    final double bulk = findings.rounds().median("bulk MB/s");
    findings.add(
        Goal.atLeast(
            "prefetched bytes a second, to the stream's",
            bulk / findings.rounds().median("stream MB/s"),
            LEAST_OF_STREAM));
    if (rate != null) {
      findings.add(
          Goal.atLeast(
              "use of the link, with packet headers", bulk * 1e6 * HEADERS / rate, LEAST_OF_LINK));
    }
  }
}
