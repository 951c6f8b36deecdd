package io.farpage.pager;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.AgentTerminationException;

/**
 * The running agents of one migration.
 *
 * <p>{@link #start()} before the VMM may fault, {@link #arm()} when the source guest has stopped,
 * {@link #prefetch()} when it is known where data is, {@link #close()} when everything has arrived.
 */
public final class Pager implements AutoCloseable {
  private static final int DEMAND_WAIT_MS = 100;

  private final PagerContext context;
  private final DemandAgent[] demands;
  private final PrefetchAgent prefetch;
  private final WaitingIdleStrategy prefetchIdle;

  // the prefetch agent's, then those of the demand agents
  private final List<WaitingIdleStrategy> idles = new ArrayList<>();
  private final List<AgentRunner> runners = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private boolean closed;

  /**
   * Creates the agents.
   *
   * @param context a concluded context
   * @param onFailure hears, on the agent's thread, why an agent ended
   */
  public Pager(final PagerContext context, final Consumer<Throwable> onFailure) throws IOException {
    this.context = context;
    prefetch = new PrefetchAgent(context);
    prefetchIdle =
        new WaitingIdleStrategy(
            -1, context.bulkLane(), prefetch::waitMs, context.bulkLane()::spinNs);
    add(prefetch, prefetchIdle, onFailure);
    demands = new DemandAgent[context.shards()];
    for (int shard = 0; shard < demands.length; shard++) {
      demands[shard] = new DemandAgent(context, prefetch.feeds(), shard);
      add(
          demands[shard],
          new WaitingIdleStrategy(
              context.userfaultfd(shard).fd(),
              context.demandLane(shard),
              () -> DEMAND_WAIT_MS,
              demands[shard]::spinNs),
          onFailure);
    }
  }

  private void add(
      final Agent agent, final WaitingIdleStrategy idle, final Consumer<Throwable> onFailure) {
    idles.add(idle);
    runners.add(new AgentRunner(idle, e -> onFailure.accept(cause(e)), null, agent));
  }

  private static Throwable cause(final Throwable thrown) {
    return thrown instanceof AgentTerminationException && thrown.getCause() != null
        ? thrown.getCause()
        : thrown;
  }

  /** Starts the agents. */
  public void start() {
    for (final AgentRunner runner : runners) {
      threads.add(AgentRunner.startOnThread(runner, Pager::newThread));
    }
  }

  private static Thread newThread(final Runnable runnable) {
    final Thread thread = new Thread(runnable);
    thread.setDaemon(true);
    return thread;
  }

  /** Returns the reader of the warm-up; null when the context has none. */
  public WarmupReader warmup() {
    return prefetch.warmup();
  }

  /** Has the prefetch agent look at once for what there is to do. */
  public void wakeUp() {
    prefetchIdle.wakeUp();
  }

  /**
   * Lets faults wait from now on instead of being refused: the guest has stopped on the source, but
   * it is not yet known which of its pages are here.
   */
  public void hold() {
    for (final DemandAgent demand : demands) {
      demand.hold();
    }
  }

  /** Lets faults be answered from now on: the guest has stopped on the source. */
  public void arm() {
    context.recorder().begin(context.clock().nanoTime());
    for (final DemandAgent demand : demands) {
      demand.arm();
    }
  }

  /** Starts to fetch ahead of demand, or has it look again because more has become known. */
  public void prefetch() {
    prefetch.begin();
    prefetchIdle.wakeUp();
  }

  /** Returns whether the prefetch agent finds nothing more to fetch and has nothing in flight. */
  public boolean isDrained() {
    return prefetch.isDrained();
  }

  /**
   * Maps all huge pages that have arrived, touched or not; called once nothing is missing.
   *
   * @throws IOException when the VMM is gone
   */
  public void mapHugePages() throws IOException {
    context.newHugePageMapper().mapAll();
  }

  /** Returns the counters. */
  public PagerCounters counters() {
    return context.counters();
  }

  /** Returns the latencies of demand faults; steady only after {@link #close()}. */
  public Histogram faultLatencyNs() {
    return context.faultLatencyNs();
  }

  /** Returns the bytes that the agents have allocated on the Java heap since they started. */
  public long allocatedBytes() {
    final ThreadMXBean figures = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long bytes = 0;
    for (final Thread thread : threads) {
      bytes += figures.getThreadAllocatedBytes(thread.getId());
    }
    return bytes;
  }

  /** Stops the agents and waits for them; lanes and userfaultfds stay open. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    idles.forEach(WaitingIdleStrategy::wakeUp);
    runners.forEach(AgentRunner::close);
    idles.forEach(WaitingIdleStrategy::close);
  }
}
