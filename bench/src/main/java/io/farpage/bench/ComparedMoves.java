package io.farpage.bench;

import io.farpage.bench.ComparedGuest.Seen;
import io.farpage.bench.ComparedGuest.Watch;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;

/** Moves one guest in any mode; where a mode loses the guest, another one is booted. */
final class ComparedMoves implements AutoCloseable {
  private final Boot boot;
  private final LimitedLink link;
  private final Settings settings;
  private final Findings findings;
  private ComparedGuest guest;

  /** Boots a guest. */
  @FunctionalInterface
  interface Boot {
    ComparedGuest boot() throws IOException;
  }

  /**
   * What moves are made with.
   *
   * @param directory on a tmpfs, for memory that is held for a move
   * @param memoryBytes the guest's RAM
   * @param precopy how long post-copy begins after the migration
   * @param patience after so long pre-copy is cancelled
   */
  record Settings(Path directory, long memoryBytes, Duration precopy, Duration patience) {}

  /**
   * Ready to move.
   *
   * @param link that the hosts have between them; null when there is none
   */
  ComparedMoves(
      final Boot boot, final LimitedLink link, final Settings settings, final Findings findings) {
    this.boot = boot;
    this.link = link;
    this.settings = settings;
    this.findings = findings;
  }

  /** Moves the guest once and adds what was seen. */
  void move(final CompareMode mode, final int round, final Comparison comparison)
      throws IOException {
    if (guest == null) {
      findings.say("booting the guest");
      guest = boot.boot();
    }
    final Rounds rounds = new Rounds();
    try (Watch watch = guest.watch();
        UsageMeter usage = new UsageMeter();
        MemoryReserve reserve = new MemoryReserve(settings.directory(), settings.memoryBytes())) {
      final MoveTimes times = new MoveTimes();
      final MoveObserver observer = MoveObserver.all(times, watch, usage, reserve);
      final long sent = link == null ? 0 : link.sentBytes();
      final String complaint =
          mode.isQemu() ? byQemu(mode, observer, rounds) : byFarpage(mode, observer, rounds);
      if (!complaint.isEmpty()) {
        note(mode, round, complaint, comparison);
        return;
      }
      if (link != null) {
        rounds.add(Figure.LINK.label(), (link.sentBytes() - sent) / 1e6);
      }
      rounds.add(Figure.POSTCOPY.label(), times.postcopyMs());
      if (!mode.isQemu()) {
        rounds.add(
            Figure.EVICTION.label(), rounds.last(Figure.TOTAL.label()) + times.sourceEndMs());
      }
      usage.addTo(rounds);
      final Rounds ofGuest = new Rounds();
      final Seen seen = watch.addTo(ofGuest);
      if (isWhole(mode, round, comparison)) {
        rounds.addAll(ofGuest);
        comparison.add(mode, seen);
      }
      comparison.rounds(mode).addAll(rounds);
    } catch (final IOException | RuntimeException e) {
      if (!mode.isQemu()) {
        throw e;
      }
      note(mode, round, e.getMessage(), comparison);
      forget();
      return;
    }
    tell(mode, round, rounds);
  }

  private void note(
      final CompareMode mode, final int round, final String what, final Comparison comparison) {
    findings.say("round %d: %s: %s", round, mode.label(), what);
    comparison.note(mode.label() + ", round " + round + ": " + what);
  }

  /** Returns why it has not ended; empty when it has. */
  private String byQemu(final CompareMode mode, final MoveObserver observer, final Rounds rounds)
      throws IOException {
    final QemuMove move =
        guest.vm().moveByQemu(mode.qemu(), settings.precopy(), settings.patience(), observer);
    if (!move.complete()) {
      return String.format(
          Locale.ROOT,
          "not done after %d s and cancelled: QEMU's status was %s, %.0f MB were sent",
          settings.patience().toSeconds(),
          move.info().path("status").asText(),
          move.ram("transferred") / 1e6);
    }
    rounds.add(Figure.DOWNTIME.label(), move.downtimeMs());
    rounds.add(Figure.TOTAL.label(), move.totalMs());
    rounds.add(Figure.EVICTION.label(), move.evictionMs());
    rounds.add(Figure.SENT.label(), move.ram("transferred") / 1e6);
    return "";
  }

  private String byFarpage(final CompareMode mode, final MoveObserver observer, final Rounds rounds)
      throws IOException {
    final Move move = guest.vm().move(mode.daemons(), observer);
    rounds.add(Figure.DOWNTIME.label(), move.downtimeMs());
    rounds.add(Figure.TOTAL.label(), move.figure("total-time"));
    rounds.add(Figure.SENT.label(), move.figure("ram", "transferred") / 1e6);
    return "";
  }

  private void tell(final CompareMode mode, final int round, final Rounds rounds) {
    final StringBuilder line = new StringBuilder();
    for (final Figure figure :
        new Figure[] {
          Figure.DOWNTIME,
          Figure.TOTAL,
          Figure.FAULTS,
          Figure.FAULT_P50,
          Figure.FAULT_P99,
          Figure.FIRST_SECOND_PERCENT
        }) {
      if (rounds.all().containsKey(figure.label())) {
        line.append(line.isEmpty() ? "" : ", ")
            .append(figure.label())
            .append(' ')
            .append(String.format(Locale.ROOT, figure.format(), rounds.last(figure.label())));
      }
    }
    findings.say("round %d: %s: %s", round, mode.label(), line);
  }

  /** What a guest that is hurt has seen counts for nothing. */
  private boolean isWhole(final CompareMode mode, final int round, final Comparison comparison)
      throws IOException {
    final String damage = guest.damage();
    if (damage.isEmpty()) {
      return true;
    }
    if (!mode.isQemu()) {
      throw new IOException(mode.label() + " has hurt the guest: " + damage);
    }
    note(mode, round, "the guest is hurt: " + damage.lines().findFirst().orElse(""), comparison);
    forget();
    return false;
  }

  /** The next move gets another guest. */
  private void forget() throws IOException {
    final ComparedGuest lost = guest;
    guest = null;
    lost.close();
  }

  @Override
  public void close() throws IOException {
    if (guest != null) {
      forget();
    }
  }
}
