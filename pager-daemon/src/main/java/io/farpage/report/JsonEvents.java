package io.farpage.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.farpage.control.Switchover;
import io.farpage.json.JsonTrees;
import io.farpage.migration.MigrationListener;
import io.farpage.migration.MigrationStatus;
import io.farpage.migration.Progress;
import io.farpage.warmup.WarmupRound;
import java.io.PrintStream;
import java.time.Instant;

/** Prints events as QMP spells them, one JSON object a line, and nothing else. */
public final class JsonEvents implements MigrationListener {
  private static final JsonTrees JSON = new JsonTrees();

  private final PrintStream out;

  /** Creates the printer. */
  public JsonEvents(final PrintStream out) {
    this.out = out;
  }

  @Override
  public void onListening(final String host, final int port) {
    print("LISTENING", JsonTrees.object().put("host", host).put("port", port));
  }

  @Override
  public void onStatus(final MigrationStatus status) {
    print("MIGRATION", JsonTrees.object().put("status", status.qemuName()));
  }

  @Override
  public void onResume() {
    print("RESUME", null);
  }

  @Override
  public void onWarmupRound(final WarmupRound round) {
    print("MIGRATION_PASS", WarmupJson.of(round).put("pass", round.round()));
  }

  @Override
  public void onSwitchover(final Switchover decision) {
    print(
        "SWITCHOVER",
        JsonTrees.object().put("reason", decision.reason()).put("desc", decision.explanation()));
  }

  @Override
  public void onMemoryRegistered(final long registeredBytes) {
    print("MEMORY_REGISTERED", JsonTrees.object().put("bytes", registeredBytes));
  }

  @Override
  public void onProgress(final Progress progress) {
    final ObjectNode data = JsonTrees.object();
    if (progress.totalBytes() >= 0) {
      data.put("total", progress.totalBytes()).put("remaining", progress.remainingBytes());
    }
    data.put("demand-faults", progress.demandFaults())
        .put("prefetched-pages", progress.prefetchedPages())
        .put("mbps", progress.bytesPerSecond() * 8 / 1e6);
    print("PROGRESS", data);
  }

  /** Prints why the program ends. */
  public void onError(final String message) {
    print("ERROR", JsonTrees.object().put("desc", message));
  }

  private void print(final String event, final ObjectNode data) {
    final ObjectNode line = JsonTrees.object().put("event", event);
    if (data != null) {
      line.set("data", data);
    }
    final Instant now = Instant.now();
    line.putObject("timestamp")
        .put("seconds", now.getEpochSecond())
        .put("microseconds", now.getNano() / 1000);
    synchronized (out) {
      out.println(JSON.write(line));
      out.flush();
    }
  }
}
