package io.farpage.bench;

import io.farpage.guest.Accelerator;
import io.farpage.guest.MachineType;
import io.farpage.guest.QemuInstallation;
import io.farpage.guest.WriterGuest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code farpage bench downtime}: does the downtime grow with the guest's RAM? */
@Command(
    name = "downtime",
    description = "Downtime of guests of different sizes, which write all the time.",
    mixinStandardHelpOptions = true)
final class DowntimeCommand implements Callable<Integer> {
  private static final Duration BOOT_TIMEOUT = Duration.ofMinutes(5);

  @Option(
      names = "--sizes",
      split = ",",
      defaultValue = "256M,6G",
      converter = ByteSize.class,
      description = "RAM of the guests (default: ${DEFAULT-VALUE})")
  private List<Long> sizes;

  @Option(
      names = "--rounds",
      defaultValue = "7",
      description = "migrations of each (default: ${DEFAULT-VALUE})")
  private int rounds;

  @Override
  public Integer call() throws IOException {
    final QemuInstallation installation =
        QemuInstallation.system().orElseThrow(() -> new IOException("no QEMU found"));
    final List<List<Double>> downtimes = new ArrayList<>();
    final List<List<Double>> totals = new ArrayList<>();
    try (Testbed testbed = Testbed.open()) {
      for (final long size : sizes) {
        downtimes.add(new ArrayList<>());
        totals.add(new ArrayList<>());
      }
      final List<MovingGuest> guests = new ArrayList<>();
      for (final long size : sizes) {
        System.out.printf("booting a guest of %d MiB%n", size >> 20);
        guests.add(boot(testbed, installation, size));
      }
      for (int round = 1; round <= rounds; round++) {
        for (int i = 0; i < guests.size(); i++) {
          // only one guest runs at a time: the others would take its processors
          final MovingGuest guest = guests.get(i);
          guest.qmp().execute("cont");
          final Move move = guest.move();
          guest.qmp().execute("stop");
          downtimes.get(i).add(move.downtimeMs());
          totals.get(i).add(move.report().path("total-time").asDouble());
          System.out.printf(
              Locale.ROOT,
              "round %d: %5d MiB: downtime %6.1f ms, total %6.0f ms, %d demand faults%n",
              round,
              sizes.get(i) >> 20,
              move.downtimeMs(),
              move.report().path("total-time").asDouble(),
              move.report().path("farpage").path("demand-faults").asLong());
        }
      }
    }
    for (int i = 0; i < sizes.size(); i++) {
      System.out.printf(
          Locale.ROOT,
          "%5d MiB: median downtime %.1f ms (%.2f x that of %d MiB), median total %.0f ms%n",
          sizes.get(i) >> 20,
          Median.of(downtimes.get(i)),
          Median.of(downtimes.get(i)) / Median.of(downtimes.get(0)),
          sizes.get(0) >> 20,
          Median.of(totals.get(i)));
    }
    return 0;
  }

  private static MovingGuest boot(
      final Testbed testbed, final QemuInstallation installation, final long size)
      throws IOException {
    final WriterGuest guest = WriterGuest.builder(MachineType.PC, size).build();
    final Path image = testbed.newDirectory("image").resolve("guest.img");
    guest.writeImage(image);
    final MovingGuest moving =
        new MovingGuest(
            testbed,
            installation,
            size,
            builder -> builder.accelerator(Accelerator.TCG).disk(image));
    moving.qemu().awaitSerial("R", BOOT_TIMEOUT);
    moving.qmp().execute("stop");
    return moving;
  }
}
