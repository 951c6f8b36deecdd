package io.farpage.bench;

import io.farpage.cli.DaemonProcess;
import io.farpage.guest.QemuInstallation;
import io.farpage.guest.WritePattern;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code farpage bench startup}: what a Java program costs that runs for one migration only. */
@Command(
    name = "startup",
    description =
        "Time from the start of `farpage dest` until it is connected, beside a Java program that"
            + " says hello; and the memory of both daemons without the guest's.",
    mixinStandardHelpOptions = true)
final class StartupCommand implements Callable<Integer> {
  /** The system property that names the launcher. */
  static final String LAUNCHER_PROPERTY = "farpage.launcher";

  private static final int USUAL_ROUNDS = 7;
  private static final double MOST_TIME = 4;
  private static final double MOST_MIB = 150;
  private static final Pattern HEAP_CAP = Pattern.compile("-Xmx(\\w+)");

  @Mixin private MeasurementOptions options;

  @Option(
      names = "--memory",
      defaultValue = "512M",
      converter = ByteSize.class,
      description = "RAM of the guest that is moved (default: ${DEFAULT-VALUE})")
  private long memory;

  @Override
  public Integer call() throws IOException {
    final int rounds = options.rounds(USUAL_ROUNDS);
    final QemuInstallation installation = options.qemu();
    final Findings findings =
        options
            .begin(installation)
            .note("java", "Java " + Runtime.version())
            .note("heap", "heaps of at most " + heapCap());
    final List<String> launcher = List.of(launcher());
    final List<String> hello = hello();
    try (Testbed testbed = Testbed.open()) {
      final ConnectingDaemon daemon = new ConnectingDaemon(testbed, installation);
      daemon.millisToConnect(launcher); // builds what is stale, and fills the page cache
      for (int round = 1; round <= rounds; round++) {
        findings.rounds().add("hello ms", TimeToLine.measure(hello, line -> true));
        findings.rounds().add("dest ms", daemon.millisToConnect(launcher));
        findings.say(
            "round %d: hello after %.0f ms, farpage dest connected after %.0f ms",
            round, findings.rounds().last("hello ms"), findings.rounds().last("dest ms"));
      }
    }
    measureMemory(installation, findings);
    findings.add(
        Goal.atMost(
            "time until connected, to that until hello",
            findings.rounds().median("dest ms") / findings.rounds().median("hello ms"),
            MOST_TIME));
    for (final String side : List.of("source", "destination")) {
      findings.add(
          Goal.atMost(
              "memory of the " + side + "'s daemon, MiB",
              findings.rounds().median(side + " MiB"),
              MOST_MIB));
    }
    findings.print(
        List.of(
            new Table("until", "median, ms")
                .row("hello", findings.median("hello ms", "%.0f"))
                .row("farpage dest is connected", findings.median("dest ms", "%.0f")),
            new Table("most memory without the guest's", "MiB")
                .row("farpage source", findings.median("source MiB", "%.1f"))
                .row("farpage dest", findings.median("destination MiB", "%.1f"))));
    return 0;
  }

  private void measureMemory(final QemuInstallation installation, final Findings findings)
      throws IOException {
    try (Testbed testbed = Testbed.open()) {
      findings.say("booting a guest of %d MiB", memory >> 20);
      final MovingWriter guest =
          MovingWriter.boot(
              testbed,
              installation,
              options.accelerator(),
              List.of(Host.HERE),
              memory,
              WritePattern.RANDOM);
      guest.run();
      final DaemonMemory watched = new DaemonMemory();
      guest.vm().move(new DaemonOptions(), watched);
      findings.rounds().add("source MiB", watched.sourceBytes() / (double) (1 << 20));
      findings.rounds().add("destination MiB", watched.destinationBytes() / (double) (1 << 20));
    }
  }

  /** With only the jar that has it on the class path. */
  private static List<String> hello() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-cp",
        HelloWorld.class.getProtectionDomain().getCodeSource().getLocation().getPath(),
        HelloWorld.class.getName());
  }

  private static String launcher() throws IOException {
    final String launcher = System.getProperty(LAUNCHER_PROPERTY);
    if (launcher == null || !Files.isExecutable(Path.of(launcher))) {
      throw new IOException(
          "start with `./farpage bench startup`: the launcher is a part of what is measured");
    }
    return launcher;
  }

  private static String heapCap() throws IOException {
    final Matcher matcher =
        HEAP_CAP.matcher(
            Files.readString(Path.of(System.getProperty(DaemonProcess.JAVA_OPTIONS_PROPERTY))));
    return matcher.find() ? matcher.group(1).toUpperCase(Locale.ROOT) : "Java's own choice";
  }
}
