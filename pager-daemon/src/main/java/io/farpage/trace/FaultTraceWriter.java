package io.farpage.trace;

import io.farpage.prefetch.PageBits;
import io.farpage.prefetch.PageHeat;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** Writes one trace file from begin to end; for one thread. See {@link FaultTraceFormat}. */
public final class FaultTraceWriter implements AutoCloseable {
  private final TraceOutput out;
  private long lastTime; // in the file's units
  private long lastPage;

  private FaultTraceWriter(final TraceOutput out) {
    this.out = out;
  }

  /** Creates the file, or empties it. */
  public static FaultTraceWriter create(final Path file, final List<TraceRegion> regions)
      throws IOException {
    final TraceOutput out =
        new TraceOutput(
            FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING));
    out.fixedLong(FaultTraceFormat.MAGIC);
    out.fixedInt(FaultTraceFormat.VERSION);
    out.varint(regions.size());
    for (final TraceRegion region : regions) {
      out.bytes(region.id().getBytes(StandardCharsets.UTF_8));
      out.varint(region.sizeBytes());
      out.varint(region.pageSizeBytes());
    }
    return new FaultTraceWriter(out);
  }

  /**
   * Adds a fault.
   *
   * @param page its page
   * @param kind what it was on
   * @param timeNs nanoseconds since the begin, not less than those of the fault before; kept to a
   *     tenth of a microsecond
   */
  public void add(final long page, final FaultKind kind, final long timeNs) throws IOException {
    final long time = Math.max(lastTime, timeNs / FaultTraceFormat.TIME_UNIT_NS);
    out.varint(time - lastTime << FaultTraceFormat.KIND_BITS | kind.ordinal());
    out.signedVarint(page - lastPage);
    lastTime = time;
    lastPage = page;
  }

  /**
   * Ends the file.
   *
   * @param lost faults that were not recorded
   * @param resumeNs when the guest resumed, in nanoseconds since the begin
   * @param serviceNs what a fault of kind DEMAND took to answer
   * @param data the pages that hold data on the source
   * @param missing those of them that had not arrived when the guest stopped there
   * @param heat how often the guest wrote each page, or null when it was not measured
   */
  public void end(
      final long lost,
      final long resumeNs,
      final long serviceNs,
      final PageBits data,
      final PageBits missing,
      final PageHeat heat)
      throws IOException {
    out.varint(FaultTraceFormat.END);
    out.varint(lost);
    out.varint(resumeNs);
    out.varint(serviceNs);
    write(data);
    write(missing);
    write(heat, data.pageCount());
    out.flush();
  }

  private void write(final PageBits pages) throws IOException {
    final long end = pages.pageCount();
    for (long page = 0; page < end; ) {
      final long set = pages.nextSet(page, end);
      final long clearEnd = set < 0 ? end : set;
      out.varint(clearEnd - page);
      if (clearEnd == end) {
        return;
      }
      page = pages.nextClear(clearEnd, end);
      out.varint(page - clearEnd);
    }
  }

  private void write(final PageHeat heat, final long pageCount) throws IOException {
    for (long page = 0; page < pageCount; ) {
      final int value = heat == null ? 0 : heat.of(page);
      long end = heat == null ? pageCount : page + 1;
      while (end < pageCount && heat.of(end) == value) {
        end++;
      }
      out.varint(end - page);
      out.oneByte(value);
      page = end;
    }
  }

  /** Closes the file; it is whole only after {@link #end}. */
  @Override
  public void close() throws IOException {
    out.close();
  }
}
