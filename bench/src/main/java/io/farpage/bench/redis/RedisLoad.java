package io.farpage.bench.redis;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.Histogram;

/**
 * Clients that ask a Redis server without a pause, each waiting for its reply: four of five
 * requests read a random key, the fifth writes one. Every value that is read is checked.
 */
public final class RedisLoad implements AutoCloseable {
  private static final int READS_OF = 5;
  private static final long HIGHEST_NS = 600_000_000_000L;

  private final RedisData data;
  private final List<Client> clients = new ArrayList<>();
  private final AtomicLong answered = new AtomicLong();
  private final AtomicReference<IOException> failure = new AtomicReference<>();
  private volatile boolean ended;

  /**
   * Begins.
   *
   * @param count how many clients
   * @param timeoutMs for their connections; for replies they wait as long as it takes
   */
  public RedisLoad(
      final RedisData data, final InetSocketAddress server, final int count, final int timeoutMs)
      throws IOException {
    this.data = data;
    try {
      for (int i = 0; i < count; i++) {
        clients.add(new Client(i, RespConnection.connect(server, timeoutMs)));
      }
    } catch (final IOException e) {
      close();
      throw e;
    }
    clients.forEach(Thread::start);
  }

  /** Returns how many requests have been answered. */
  public long answered() {
    return answered.get();
  }

  /**
   * Returns the latencies, in nanoseconds, of requests that were answered since this was called
   * last.
   */
  public Histogram takeLatencies() {
    final Histogram all = new Histogram(HIGHEST_NS, 2);
    clients.forEach(client -> client.takeLatencies(all));
    return all;
  }

  /** Throws when a client has found a wrong value, was refused, or has lost its connection. */
  public void requireNoFailure() throws IOException {
    final IOException found = failure.get();
    if (found != null) {
      throw new IOException(found.getMessage(), found);
    }
  }

  private final class Client extends Thread {
    private final SplittableRandom random;
    private final RespConnection server;
    private final Histogram latencies = new Histogram(HIGHEST_NS, 2);

    Client(final int number, final RespConnection server) {
      super("redis-client-" + number);
      setDaemon(true);
      random = new SplittableRandom(number);
      this.server = server;
    }

    @Override
    public void run() {
      try {
        while (!ended) {
          final int index = random.nextInt(data.keys());
          final boolean write = random.nextInt(READS_OF) == 0;
          final long begin = System.nanoTime();
          if (write) {
            data.set(server, index);
          } else {
            data.get(server, index);
          }
          note(System.nanoTime() - begin);
        }
      } catch (final IOException e) {
        if (!ended) {
          failure.compareAndSet(null, e);
        }
      }
    }

    private synchronized void note(final long ns) {
      latencies.recordValue(Math.min(ns, HIGHEST_NS));
      answered.incrementAndGet();
    }

    private synchronized void takeLatencies(final Histogram into) {
      into.add(latencies);
      latencies.reset();
    }
  }

  @Override
  public void close() throws IOException {
    ended = true;
    for (final Client client : clients) {
      client.server.close();
      try {
        client.join();
      } catch (final InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
