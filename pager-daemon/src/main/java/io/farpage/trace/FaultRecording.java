package io.farpage.trace;

import io.farpage.pager.FaultRecorder;
import io.farpage.prefetch.PageBits;
import io.farpage.prefetch.PageHeat;
import io.farpage.prefetch.PageMap;
import io.farpage.prefetch.PageOrigin;
import io.farpage.prefetch.PageOrigins;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.AgentTerminationException;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.SleepingMillisIdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/**
 * A recording under way: the demand agents put faults into a ring, and a thread writes them to a
 * file.
 *
 * <p>The file has another name, beside the one wanted, until {@link #complete}: an older recording
 * is replaced by a whole one, or stays. When the writer falls behind, or cannot write, faults are
 * dropped and counted.
 */
public final class FaultRecording implements FaultRecorder, AutoCloseable {
  private static final int CAPACITY_BYTES = 1 << 20;
  private static final int WRITE_INTERVAL_MS = 1;
  private static final int MESSAGE_TYPE = 1;
  private static final int TIME_OFFSET = 8;
  private static final int KIND_OFFSET = 16;
  private static final int MESSAGE_BYTES = 20;
  private static final FaultKind[] KINDS = FaultKind.values();

  private final Path file;
  private final Path draft;
  private final PageMap map;
  private final PageOrigins origins;
  private final PageBits receivedAtStop;
  private final FaultTraceWriter writer;
  private final ManyToOneRingBuffer ring =
      new ManyToOneRingBuffer(
          new UnsafeBuffer(
              ByteBuffer.allocateDirect(CAPACITY_BYTES + RingBufferDescriptor.TRAILER_LENGTH)));
  private final AgentRunner runner;
  private long beginNs;
  private volatile long resumeNs;
  private final AtomicLong lost = new AtomicLong();
  private volatile IOException failure;
  private boolean closed;

  private FaultRecording(
      final Path file,
      final List<TraceRegion> regions,
      final PageMap map,
      final PageOrigins origins)
      throws IOException {
    this.file = file;
    this.map = map;
    this.origins = origins;
    draft = file.resolveSibling(file.getFileName() + ".part");
    receivedAtStop = PageBits.allocate(map.pageCount());
    writer = FaultTraceWriter.create(draft, regions);
    runner =
        new AgentRunner(
            new SleepingMillisIdleStrategy(WRITE_INTERVAL_MS), e -> {}, null, new Writer());
  }

  /**
   * Begins a recording; nothing is recorded before {@link #begin}.
   *
   * @param file what it is to be called when it is complete
   * @param regions the guest's RAM
   * @param map what has become of every page
   * @param origins where pages come from
   */
  public static FaultRecording start(
      final Path file,
      final List<TraceRegion> regions,
      final PageMap map,
      final PageOrigins origins)
      throws IOException {
    final FaultRecording recording = new FaultRecording(file, regions, map, origins);
    AgentRunner.startOnThread(
        recording.runner,
        task -> {
          final Thread thread = new Thread(task);
          thread.setDaemon(true);
          return thread;
        });
    return recording;
  }

  @Override
  public void begin(final long nowNs) {
    beginNs = nowNs;
    map.copyReceived(receivedAtStop);
  }

  @Override
  public void record(final long page, final long nowNs) {
    final int index = ring.tryClaim(MESSAGE_TYPE, MESSAGE_BYTES);
    if (index <= 0) {
      lost.incrementAndGet();
      return;
    }
    ring.buffer().putLong(index, page);
    ring.buffer().putLong(index + TIME_OFFSET, nowNs - beginNs);
    ring.buffer().putInt(index + KIND_OFFSET, kindOf(page).ordinal());
    ring.commit(index);
  }

  /** Hears that the guest runs here. */
  public void onResume(final long nowNs) {
    resumeNs = nowNs;
  }

  private FaultKind kindOf(final long page) {
    if (map.isReceived(page)) {
      return FaultKind.LOCAL;
    }
    if (map.isClaimed(page)) {
      return FaultKind.IN_FLIGHT;
    }
    return origins.originOf(page) == PageOrigin.HOLE ? FaultKind.HOLE : FaultKind.DEMAND;
  }

  /**
   * Ends the recording and gives the file its name. The recorded thread must have ended.
   *
   * @param serviceNs what a fault that needed a read took to answer, the median
   * @param heat how often the guest wrote each page, or null
   * @return the faults that were dropped
   * @throws IOException when there is no whole recording; an older file stays
   */
  public long complete(final long serviceNs, final PageHeat heat) throws IOException {
    try {
      runner.close();
      if (failure != null) {
        throw failure;
      }
      if (!origins.isComplete()) {
        throw new IOException("the guest ended before it was known where its data is");
      }
      final PageBits data = PageBits.allocate(map.pageCount());
      origins.copyExactData(data);
      final PageBits missing = PageBits.allocate(map.pageCount());
      missing.setDifference(data, receivedAtStop);
      writer.end(lost.get(), Math.max(0, resumeNs - beginNs), serviceNs, data, missing, heat);
      writer.close();
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return lost.get();
    } finally {
      close();
    }
  }

  /** Ends the recording; unless it was completed, nothing is left of it. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    runner.close();
    try {
      writer.close();
      Files.deleteIfExists(draft);
    } catch (final IOException e) {
      failure = e; // a draft that cannot be removed hurts nobody
    }
  }

  /** Drains the ring into the file. */
  private final class Writer implements Agent {
    private final MessageHandler handler =
        (type, buffer, index, length) ->
            write(
                buffer.getLong(index),
                buffer.getLong(index + TIME_OFFSET),
                KINDS[buffer.getInt(index + KIND_OFFSET)]);

    @Override
    public int doWork() {
      return ring.read(handler);
    }

    private void write(final long page, final long timeNs, final FaultKind kind) {
      try {
        writer.add(page, kind, timeNs);
      } catch (final IOException e) {
        failure = e;
        throw new AgentTerminationException(e);
      }
    }

    @Override
    public void onClose() {
      while (failure == null && ring.read(handler) > 0) {
        // what came last
      }
    }

    @Override
    public String roleName() {
      return "fault-recording";
    }
  }
}
