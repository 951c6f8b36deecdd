package io.farpage.pager;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.AgentTerminationException;

/**
 * The running agents of one migration.
 *
 * <p>{@link #start()} before the VMM may fault, {@link #arm()} when the source guest has stopped,
 * {@link #prefetch()} when it is known where data is, {@link #close()} when everything has arrived.
 */
public final class Pager implements AutoCloseable {
  /** The throttled prefetcher must look at the clock this often, in milliseconds. */
  private static final int PREFETCH_WAIT_MS = 2;

  private static final int DEMAND_WAIT_MS = 100;

  private final PagerContext context;
  private final DemandAgent demand;
  private final PrefetchAgent prefetch;
  private final WaitingIdleStrategy demandIdle;
  private final WaitingIdleStrategy prefetchIdle;
  private final AgentRunner demandRunner;
  private final AgentRunner prefetchRunner;
  private Thread demandThread;
  private Thread prefetchThread;
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
    demand = new DemandAgent(context, prefetch.feed());
    demandIdle =
        new WaitingIdleStrategy(context.userfaultfd().fd(), context.demandLane(), DEMAND_WAIT_MS);
    prefetchIdle = new WaitingIdleStrategy(-1, context.bulkLane(), PREFETCH_WAIT_MS);
    demandRunner = new AgentRunner(demandIdle, e -> onFailure.accept(cause(e)), null, demand);
    prefetchRunner = new AgentRunner(prefetchIdle, e -> onFailure.accept(cause(e)), null, prefetch);
  }

  private static Throwable cause(final Throwable thrown) {
    return thrown instanceof AgentTerminationException && thrown.getCause() != null
        ? thrown.getCause()
        : thrown;
  }

  /** Starts both agents. */
  public void start() {
    demandThread = AgentRunner.startOnThread(demandRunner, Pager::newThread);
    prefetchThread = AgentRunner.startOnThread(prefetchRunner, Pager::newThread);
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
    demand.hold();
  }

  /** Lets faults be answered from now on: the guest has stopped on the source. */
  public void arm() {
    demand.arm();
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

  /** Returns the counters. */
  public PagerCounters counters() {
    return context.counters();
  }

  /** Returns the latencies of demand faults; steady only after {@link #close()}. */
  public Histogram faultLatencyNs() {
    return context.faultLatencyNs();
  }

  /** Returns the bytes that the two agents have allocated on the Java heap since they started. */
  public long allocatedBytes() {
    final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    return threads.getThreadAllocatedBytes(demandThread.getId())
        + threads.getThreadAllocatedBytes(prefetchThread.getId());
  }

  /** Stops both agents and waits for them; lanes and userfaultfd stay open. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    demandIdle.wakeUp();
    prefetchIdle.wakeUp();
    demandRunner.close();
    prefetchRunner.close();
    demandIdle.close();
    prefetchIdle.close();
  }
}
