package io.farpage.report;

import io.farpage.control.Switchover;
import io.farpage.migration.MigrationListener;
import io.farpage.migration.MigrationStatus;
import io.farpage.migration.Progress;
import io.farpage.warmup.WarmupRound;
import java.io.PrintStream;
import java.util.Locale;

/**
 * Prints events for people: a progress bar on a terminal, a line a second elsewhere.
 *
 * <p>Lines start with a label when several daemons share the output.
 */
public final class ConsoleEvents implements MigrationListener {
  private static final int BAR_WIDTH = 30;
  private static final long LINE_INTERVAL_NS = 1_000_000_000L;

  private final PrintStream out;
  private final String label;
  private final boolean terminal;
  private boolean barShown;
  private long lastLineNs = System.nanoTime() - LINE_INTERVAL_NS;

  /**
   * Creates the printer.
   *
   * @param label starts every line, may be empty
   * @param terminal whether the output understands a carriage return
   */
  public ConsoleEvents(final PrintStream out, final String label, final boolean terminal) {
    this.out = out;
    this.label = label.isEmpty() ? "" : label + ": ";
    this.terminal = terminal;
  }

  @Override
  public void onListening(final String host, final int port) {
    line("listening on " + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port);
  }

  @Override
  public void onStatus(final MigrationStatus status) {
    line(status.qemuName());
  }

  @Override
  public void onResume() {
    line("the guest runs on the destination");
  }

  @Override
  public void onWarmupRound(final WarmupRound round) {
    line(
        String.format(
            Locale.ROOT,
            "round %d: %d MiB read in %d ms, %d MiB written by the guest meanwhile, %d MiB left",
            round.round(),
            round.readBytes() >> 20,
            round.durationMs(),
            (round.wastedBytes() + round.invalidatedBytes()) >> 20,
            round.missingBytes() >> 20));
  }

  @Override
  public void onSwitchover(final Switchover decision) {
    line("switching over: " + decision.explanation());
  }

  @Override
  public void onMessage(final String message) {
    line(message);
  }

  @Override
  public synchronized void onProgress(final Progress progress) {
    final boolean last = progress.totalBytes() >= 0 && progress.remainingBytes() == 0;
    final long now = System.nanoTime();
    if (!terminal && !last && now - lastLineNs < LINE_INTERVAL_NS) {
      return;
    }
    lastLineNs = now;
    if (terminal) {
      out.print("\r" + label + bar(progress) + "\u001b[K");
      out.flush();
      barShown = true;
    } else {
      line(bar(progress));
    }
  }

  private static String bar(final Progress progress) {
    if (progress.totalBytes() < 0) {
      return String.format(
          Locale.ROOT, "%d faults answered, looking where data is", progress.demandFaults());
    }
    final long done = progress.totalBytes() - progress.remainingBytes();
    final double share = progress.totalBytes() == 0 ? 1 : (double) done / progress.totalBytes();
    final int filled = (int) (share * BAR_WIDTH);
    return String.format(
        Locale.ROOT,
        "[%s%s] %3.0f%% %d of %d MiB, %d faults answered, %.0f MiB/s",
        "#".repeat(filled),
        "-".repeat(BAR_WIDTH - filled),
        Math.floor(share * 100),
        done >> 20,
        progress.totalBytes() >> 20,
        progress.demandFaults(),
        progress.bytesPerSecond() / 1048576.0);
  }

  private synchronized void line(final String text) {
    if (barShown) {
      out.println();
      barShown = false;
    }
    out.println(label + text);
    out.flush();
  }
}
