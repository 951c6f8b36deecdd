package io.farpage.transport.rdma;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Lets a source accept on a thread of its own, until all have come. */
final class Acceptor implements AutoCloseable {
  private static final long TIMEOUT_MS = TimeUnit.MINUTES.toMillis(1);

  private final RdmaSource source;
  private final Thread thread;
  private volatile boolean stopped;
  private volatile Throwable failure;

  private Acceptor(final RdmaSource source) {
    this.source = source;
    thread = new Thread(this::run, "acceptor");
    thread.setDaemon(true);
  }

  static Acceptor start(final RdmaSource source) {
    final Acceptor acceptor = new Acceptor(source);
    acceptor.thread.start();
    return acceptor;
  }

  private void run() {
    try {
      while (!stopped && !source.isComplete()) {
        source.accept();
      }
    } catch (final IOException | RuntimeException e) {
      failure = e;
    }
  }

  /** Returns whether it still waits for somebody. */
  boolean isWaiting() {
    return thread.isAlive();
  }

  /** Waits until all have come; from then on the source belongs to the caller's thread. */
  void await() throws IOException {
    try {
      thread.join(TIMEOUT_MS);
    } catch (final InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (failure != null) {
      throw new AssertionError("the source gave up", failure);
    }
    if (thread.isAlive()) {
      throw new IOException("not all connections have come");
    }
  }

  /** Stops accepting; from then on the source belongs to the caller's thread. */
  @Override
  public void close() throws IOException {
    stopped = true;
    await();
  }
}
