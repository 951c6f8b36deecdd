package io.farpage.cli;

import io.farpage.control.Switchover;
import io.farpage.migration.MigrationException;
import io.farpage.migration.MigrationListener;
import io.farpage.migration.MigrationStatus;
import io.farpage.migration.Outcome;
import io.farpage.migration.Progress;
import io.farpage.report.ConsoleEvents;
import io.farpage.report.JsonEvents;
import io.farpage.warmup.WarmupRound;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Runs one migration on behalf of a command: events to the output, signals to the migration, and
 * the exit code out of how it ended.
 */
final class Session implements MigrationListener {
  private static final long END_TIMEOUT_S = 60;

  /** A migration, or another thing that a command does. */
  @FunctionalInterface
  interface Body {
    void run() throws MigrationException;
  }

  private final PrintStream out;
  private final PrintStream err;
  private final JsonEvents json;
  private final List<MigrationListener> listeners = new ArrayList<>();
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile int exitCode = Outcome.FAILED.exitCode();

  Session(final boolean jsonWanted) {
    out = System.out;
    err = System.err;
    json = jsonWanted ? new JsonEvents(out) : null;
    listeners.add(
        jsonWanted
            ? json
            : new ConsoleEvents(
                out, "", System.console() != null && System.getenv("TERM") != null));
  }

  void addListener(final MigrationListener listener) {
    listeners.add(listener);
  }

  /** Runs to the end; a termination signal meanwhile is handed to {@code cancel}. */
  int run(final Body body, final Consumer<String> cancel) {
    final Thread hook =
        new Thread(
            () -> {
              cancel.accept("a signal");
              try {
                if (ended.await(END_TIMEOUT_S, TimeUnit.SECONDS)) {
                  // System.exit would wait for this very thread
                  Runtime.getRuntime().halt(exitCode);
                }
              } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "signal");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      body.run();
      exitCode = Outcome.COMPLETED.exitCode();
    } catch (final MigrationException e) {
      exitCode = e.outcome().exitCode();
      fail(e);
    } finally {
      // the hook waits for this, whatever happened
      ended.countDown();
    }
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (final IllegalStateException e) {
      return exitCode; // the machine is going down already: the hook ends it
    }
    return exitCode;
  }

  private void fail(final MigrationException e) {
    final String line = Main.oneLine(e);
    if (json != null) {
      json.onError(line);
    }
    err.println("farpage: " + line);
    err.flush();
  }

  /** Prints a line for people; with --json nothing. */
  void say(final String line) {
    if (json == null) {
      out.println(line);
      out.flush();
    }
  }

  @Override
  public void onListening(final String host, final int port) {
    listeners.forEach(l -> l.onListening(host, port));
  }

  @Override
  public void onStatus(final MigrationStatus status) {
    listeners.forEach(l -> l.onStatus(status));
  }

  @Override
  public void onResume() {
    listeners.forEach(MigrationListener::onResume);
  }

  @Override
  public void onProgress(final Progress progress) {
    listeners.forEach(l -> l.onProgress(progress));
  }

  @Override
  public void onWarmupRound(final WarmupRound round) {
    listeners.forEach(l -> l.onWarmupRound(round));
  }

  @Override
  public void onSwitchover(final Switchover decision) {
    listeners.forEach(l -> l.onSwitchover(decision));
  }

  @Override
  public void onMemoryRegistered(final long registeredBytes) {
    listeners.forEach(l -> l.onMemoryRegistered(registeredBytes));
  }

  @Override
  public void onMessage(final String message) {
    listeners.forEach(l -> l.onMessage(message));
  }
}
