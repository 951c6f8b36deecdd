package io.farpage.bench;

import io.farpage.cli.DaemonProcess;
import io.farpage.linux.RamFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * What {@code farpage bench fault} measures: everything once in each round, with processes of its
 * own each time. Who faults is the same C program for all, and each page's content is checked.
 *
 * <p>Times are in microseconds, as the faulting thread sees them.
 */
final class FaultMeasurements implements AutoCloseable {
  /** How the C pager waits, with the word for its command line. */
  enum Waiting {
    POLL("poll"),
    BLOCKING("block"),

    /** Looks again and again for a while, and lets others run in between; then sleeps. */
    SPINNING("spin"),
    BUSY("busy");

    private final String word;

    Waiting(final String word) {
      this.word = word;
    }

    /** Returns what the pager in C that waits so is called among the figures. */
    String floor() {
      return "C " + word;
    }

    /** Returns what the bare round trip is called. */
    String roundTrip() {
      return "round trip " + word;
    }
  }

  static final String LOCAL_FLOOR = "C local";
  static final String LOCAL = "Farpage local";
  static final String FARPAGE = "Farpage";
  static final String FIRST = FARPAGE + " first";
  static final String LATER = FARPAGE + " later";

  /** So many faults after a start count as the first. */
  static final int FIRST_FAULTS = 100;

  private static final int PAGE_BYTES = MissingMemory.PAGE_BYTES;
  private static final Duration START_TIMEOUT = Duration.ofMinutes(2);
  private static final String READY = "ready";

  private final Testbed testbed;
  private final int pages;
  private final int faults;
  private final Placement placement;
  private final Rounds rounds;
  private final Path source;
  private final NativeProgram guestProgram;
  private final NativeProgram pagerProgram;
  private final NativeProgram serverProgram;
  private final NativeProgram tripProgram;
  private final Random random = new Random();

  /** Something that is measured once in each round. */
  @FunctionalInterface
  private interface Measurement {
    void run() throws IOException;
  }

  /** The process that answers faults, and that which it gets pages from. */
  private record Paging(List<AutoCloseable> processes) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      for (final AutoCloseable process : processes) {
        try {
          process.close();
        } catch (final IOException e) {
          throw e;
        } catch (final Exception e) {
          throw new IOException(e);
        }
      }
    }
  }

  /** Starts the paging of a process by its pid, descriptor and address. */
  @FunctionalInterface
  private interface PagingStart {
    Paging start(Path file, NativeProcess guest, String[] memory) throws IOException;
  }

  /**
   * Builds the programs and the memory that they page.
   *
   * @param faults so many in each measurement
   * @param placement where the processes run
   * @param rounds gets the figures
   */
  FaultMeasurements(
      final Testbed testbed, final int faults, final Placement placement, final Rounds rounds)
      throws IOException {
    this.placement = placement;
    this.testbed = testbed;
    this.faults = faults;
    this.rounds = rounds;
    pages = Math.max(4096, 2 * faults);
    final Path directory = testbed.newDirectory("programs");
    guestProgram = NativeProgram.build(directory, "fault_guest", "floor.h");
    pagerProgram = NativeProgram.build(directory, "floor_pager", "floor.h");
    serverProgram = NativeProgram.build(directory, "page_server", "floor.h");
    tripProgram = NativeProgram.build(directory, "page_round_trip", "floor.h");
    source = newFile(true);
  }

  /** Measures everything once, in an order of chance. */
  void round() throws IOException {
    final List<Measurement> all = new ArrayList<>();
    all.add(() -> note(LOCAL_FLOOR, measure(true, startFloor(Waiting.POLL, true))));
    all.add(() -> note(LOCAL, measure(true, this::startFarpageLocally)));
    for (final Waiting waiting : Waiting.values()) {
      all.add(() -> note(waiting.floor(), measure(false, startFloor(waiting, false))));
      all.add(() -> note(waiting.roundTrip(), measureRoundTrip(waiting)));
    }
    all.add(this::measureFarpage);
    Collections.shuffle(all, random);
    for (final Measurement measurement : all) {
      measurement.run();
    }
  }

  private void measureFarpage() throws IOException {
    final Latencies latencies = measure(false, this::startFarpage);
    note(FARPAGE, latencies);
    note(FIRST, latencies.part(0, FIRST_FAULTS));
    note(LATER, latencies.part(latencies.count() / 2, latencies.count()));
  }

  private void note(final String name, final Latencies latencies) {
    rounds.add(name + " p50", latencies.percentile(50));
    rounds.add(name + " p90", latencies.percentile(90));
    rounds.add(name + " p99", latencies.percentile(99));
    rounds.add(name + " max", latencies.max());
  }

  /** Returns that pager in C whose typical fault is the shortest: the way to wait here. */
  Waiting bestFloor() {
    Waiting best = Waiting.POLL;
    for (final Waiting waiting : Waiting.values()) {
      if (rounds.median(waiting.floor() + " p50") < rounds.median(best.floor() + " p50")) {
        best = waiting;
      }
    }
    return best;
  }

  private Latencies measure(final boolean filled, final PagingStart paging) throws IOException {
    final Path file = newFile(filled);
    try (NativeProcess guest =
        guestProgram.startUnder(
            placement.destination(), file, pages, faults, random.nextInt(1 << 30))) {
      final String[] memory = guest.await(READY);
      try (Paging running = paging.start(file, guest, memory)) {
        guest.say("go");
        return new Latencies(guest.awaitNumbers());
      }
    } finally {
      Files.delete(file);
    }
  }

  private PagingStart startFloor(final Waiting waiting, final boolean local) {
    return (file, guest, memory) -> {
      final NativeProcess server = serverProgram.startUnder(placement.source(), source, pages);
      try {
        final NativeProcess pager =
            pagerProgram.startUnder(
                placement.destination(),
                waiting.word,
                guest.pid(),
                memory[0],
                memory[1],
                file,
                pages,
                local ? "local" : server.await("port")[0]);
        pager.await(READY);
        return new Paging(List.of(pager, server));
      } catch (final IOException e) {
        server.close();
        throw e;
      }
    };
  }

  private Paging startFarpage(final Path file, final NativeProcess guest, final String[] memory)
      throws IOException {
    final DaemonProcess server =
        DaemonProcess.startProgramUnder(
            placement.source(), FaultSourceProgram.class, List.of(source.toString()), line -> {});
    try {
      final String port =
          server.awaitLine(line -> line.startsWith("port "), START_TIMEOUT).substring(5);
      return new Paging(List.of(startAgents(file, guest, memory, port), server));
    } catch (final IOException | RuntimeException e) {
      server.close();
      throw e;
    }
  }

  private Paging startFarpageLocally(
      final Path file, final NativeProcess guest, final String[] memory) throws IOException {
    return new Paging(List.of(startAgents(file, guest, memory, "local")));
  }

  private DaemonProcess startAgents(
      final Path file, final NativeProcess guest, final String[] memory, final String port)
      throws IOException {
    final DaemonProcess agents =
        DaemonProcess.startProgramUnder(
            placement.destination(),
            FaultPagerProgram.class,
            List.of(String.valueOf(guest.pid()), memory[0], memory[1], file.toString(), port),
            line -> {});
    try {
      agents.awaitLine(READY::equals, START_TIMEOUT);
      return agents;
    } catch (final RuntimeException e) {
      agents.close();
      throw e;
    }
  }

  private Latencies measureRoundTrip(final Waiting waiting) throws IOException {
    try (NativeProcess server = serverProgram.startUnder(placement.source(), source, pages);
        NativeProcess client =
            tripProgram.startUnder(
                placement.destination(), waiting.word, server.await("port")[0], pages, faults)) {
      return new Latencies(client.awaitNumbers());
    }
  }

  /** Makes a file as large as the memory, of holes or of pages that hold their number plus one. */
  private Path newFile(final boolean filled) throws IOException {
    final Path path = testbed.directory().resolve("memory" + random.nextLong());
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      final ByteBuffer page = ByteBuffer.allocate(PAGE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = filled ? 0 : pages - 1; i < pages; i++) {
        channel.write(page.clear().putLong(0, i + 1), (long) i * PAGE_BYTES);
      }
    }
    if (!filled) {
      try (RamFile file = RamFile.open(path, true)) {
        file.punchHole(0, file.sizeBytes());
      }
    }
    return path;
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(source);
  }
}
