package io.farpage.trace;

import io.farpage.prefetch.PageBits;
import io.farpage.prefetch.PageHeat;
import io.farpage.prefetch.PageSpace;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/**
 * A recorded run: the faults in their order, and what the guest's RAM was when it began.
 *
 * <p>Read by {@link #read(Path)}, which accepts nothing that {@link FaultTraceWriter} does not
 * write. Immutable, except that the sets it returns are its own.
 */
public final class FaultTrace {
  private static final int MAX_BYTES = 1 << 30;
  private static final FaultKind[] KINDS = FaultKind.values();

  private final List<TraceRegion> regions;
  private final PageSpace space;
  private long[] pages = new long[1024];
  private long[] timesNs = new long[1024];
  private byte[] kinds = new byte[1024];
  private int count;
  private long lostCount;
  private long resumeNs;
  private long serviceNs;
  private PageBits data;
  private PageBits missing;
  private PageHeat heat;

  private FaultTrace(final List<TraceRegion> regions, final PageSpace space) {
    this.regions = regions;
    this.space = space;
  }

  /**
   * Reads a file, compressed or not.
   *
   * @throws FaultTraceException when it is no whole trace of this version
   */
  public static FaultTrace read(final Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new FaultTraceException(file + ": there is no such file");
    }
    try (InputStream in = Files.newInputStream(file)) {
      return read(file, in);
    }
  }

  /**
   * Reads a trace from a stream, compressed or not.
   *
   * @param name what the stream is called in errors
   */
  public static FaultTrace read(final Path name, final InputStream stream) throws IOException {
    final TraceInput in = new TraceInput(name, content(name, stream));
    if (in.isAtEnd()) {
      throw in.foreign(": it is empty");
    }
    if (in.fixedLong() != FaultTraceFormat.MAGIC) {
      throw in.foreign("");
    }
    final int version = in.fixedInt();
    if (version != FaultTraceFormat.VERSION) {
      throw new FaultTraceException(
          name
              + " has layout version "
              + Integer.toUnsignedString(version)
              + "; this program reads "
              + FaultTraceFormat.VERSION
              + ": record it anew");
    }
    final List<TraceRegion> regions = readRegions(in);
    final FaultTrace trace = new FaultTrace(regions, spaceOf(in, regions));
    trace.readFaults(in);
    trace.lostCount = in.varint(Long.MAX_VALUE, "the number of lost records");
    trace.resumeNs = in.varint(Long.MAX_VALUE, "the time of the resume");
    trace.serviceNs = in.varint(Long.MAX_VALUE, "the service time");
    trace.data = trace.readPages(in);
    trace.missing = trace.readPages(in);
    trace.requireMissingIsData(in);
    trace.heat = trace.readHeat(in);
    if (!in.isAtEnd()) {
      throw in.damaged("something follows its end");
    }
    return trace;
  }

  private static byte[] content(final Path name, final InputStream stream) throws IOException {
    final byte[] raw = stream.readNBytes(MAX_BYTES);
    if (raw.length < 2 || (raw[0] & 0xff) != 0x1f || (raw[1] & 0xff) != 0x8b) {
      return raw;
    }
    try (GZIPInputStream unzipped = new GZIPInputStream(new ByteArrayInputStream(raw))) {
      return unzipped.readNBytes(MAX_BYTES);
    } catch (final IOException e) {
      throw new FaultTraceException(
          name + " is damaged: " + e.getMessage() + "; record it anew", e);
    }
  }

  private static List<TraceRegion> readRegions(final TraceInput in) throws FaultTraceException {
    final int count = (int) in.varint(FaultTraceFormat.MAX_REGIONS, "the number of regions");
    final List<TraceRegion> regions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      regions.add(
          new TraceRegion(
              in.text(FaultTraceFormat.MAX_ID_BYTES),
              in.varint(Long.MAX_VALUE, "the size of a region"),
              in.varint(1L << 40, "a page size")));
    }
    return List.copyOf(regions);
  }

  private static PageSpace spaceOf(final TraceInput in, final List<TraceRegion> regions)
      throws FaultTraceException {
    long pageCount = 0;
    for (final TraceRegion region : regions) {
      if (region.pageSizeBytes() < 1) {
        throw in.damaged("a page size is 0");
      }
      pageCount += region.sizeBytes() / region.pageSizeBytes();
      if (pageCount < 0 || pageCount > FaultTraceFormat.MAX_PAGES) {
        throw in.damaged("it has more than " + FaultTraceFormat.MAX_PAGES + " pages");
      }
    }
    try {
      return new PageSpace(
          regions.stream().mapToLong(TraceRegion::sizeBytes).toArray(),
          regions.stream().mapToLong(TraceRegion::pageSizeBytes).toArray());
    } catch (final IllegalArgumentException e) {
      throw in.damaged(e.getMessage());
    }
  }

  private void readFaults(final TraceInput in) throws FaultTraceException {
    long page = 0;
    long timeNs = 0;
    while (true) {
      final long head = in.varint();
      final int kind = (int) head & FaultTraceFormat.KIND_MASK;
      if (kind == FaultTraceFormat.END && head == FaultTraceFormat.END) {
        return;
      }
      if (kind >= KINDS.length) {
        throw in.damaged("record " + count + " has the unknown kind " + kind);
      }
      timeNs += (head >>> FaultTraceFormat.KIND_BITS) * FaultTraceFormat.TIME_UNIT_NS;
      page += in.signedVarint();
      if (page < 0 || page >= space.pageCount() || timeNs < 0) {
        throw in.damaged("record " + count + " is of page " + page + " at " + timeNs + " ns");
      }
      add(page, timeNs, kind);
    }
  }

  private void add(final long page, final long timeNs, final int kind) {
    if (count == pages.length) {
      pages = Arrays.copyOf(pages, 2 * count);
      timesNs = Arrays.copyOf(timesNs, 2 * count);
      kinds = Arrays.copyOf(kinds, 2 * count);
    }
    pages[count] = page;
    timesNs[count] = timeNs;
    kinds[count++] = (byte) kind;
  }

  private PageBits readPages(final TraceInput in) throws FaultTraceException {
    final PageBits set = PageBits.allocate(space.pageCount());
    final long end = space.pageCount();
    for (long page = 0; page < end; ) {
      final long clear = in.varint(end - page, "a part of a page set");
      page += clear;
      if (page < end) {
        final long count = in.varint(end - page, "a part of a page set");
        if (clear == 0 && count == 0) {
          throw in.damaged("a page set has an empty part");
        }
        set.setRange(page, count);
        page += count;
      }
    }
    return set;
  }

  private void requireMissingIsData(final TraceInput in) throws FaultTraceException {
    final PageBits holes = PageBits.allocate(space.pageCount());
    holes.setDifference(missing, data);
    final long hole = holes.nextSet(0, space.pageCount());
    if (hole >= 0) {
      throw in.damaged("page " + hole + " is missing and no data");
    }
  }

  private PageHeat readHeat(final TraceInput in) throws FaultTraceException {
    final PageHeat all = new PageHeat(space.pageCount());
    boolean any = false;
    for (long page = 0; page < space.pageCount(); ) {
      final long run = in.varint(space.pageCount() - page, "a run of equal heat");
      final int value = in.oneByte();
      if (run == 0) {
        throw in.damaged("a run of equal heat is empty");
      }
      if (value != 0) {
        any = true;
        for (long i = page; i < page + run; i++) {
          all.set(i, value);
        }
      }
      page += run;
    }
    return any ? all : null;
  }

  /** Returns the guest's regions. */
  public List<TraceRegion> regions() {
    return regions;
  }

  /** Returns the numbering of the pages. */
  public PageSpace space() {
    return space;
  }

  /** Returns the number of faults. */
  public int count() {
    return count;
  }

  /** Returns the page of the n-th fault. */
  public long page(final int fault) {
    return pages[fault];
  }

  /** Returns when the n-th fault was, in nanoseconds since the begin. */
  public long timeNs(final int fault) {
    return timesNs[fault];
  }

  /** Returns what the n-th fault was on. */
  public FaultKind kind(final int fault) {
    return KINDS[kinds[fault]];
  }

  /** Returns how many faults are not in the trace because its writer had fallen behind. */
  public long lostCount() {
    return lostCount;
  }

  /**
   * Returns when the guest resumed, in nanoseconds since the begin. Faults before that are of the
   * VMM, which loads the device state.
   */
  public long resumeNs() {
    return resumeNs;
  }

  /** Returns what a fault of kind DEMAND took to answer, the median in nanoseconds. */
  public long serviceNs() {
    return serviceNs;
  }

  /** Returns the pages that hold data on the source. */
  public PageBits data() {
    return data;
  }

  /** Returns the data that was missing when the guest stopped on the source. */
  public PageBits missing() {
    return missing;
  }

  /** Returns how often the guest wrote each page before it stopped; null without a warm-up. */
  public PageHeat heat() {
    return heat;
  }

  /**
   * Returns the pages of the faults in the numbering of another guest, which may have other or
   * larger regions; -1 for a page that it does not have.
   *
   * @param guest its regions, in order
   * @param guestSpace the numbering of its pages
   */
  public long[] pagesIn(final List<TraceRegion> guest, final PageSpace guestSpace) {
    final Map<String, Integer> numbers = new HashMap<>();
    for (int i = 0; i < guest.size(); i++) {
      numbers.put(guest.get(i).id(), i);
    }
    final int[] regionThere = new int[regions.size()];
    for (int i = 0; i < regionThere.length; i++) {
      regionThere[i] = numbers.getOrDefault(regions.get(i).id(), -1);
    }
    final long[] there = new long[count];
    for (int i = 0; i < count; i++) {
      final int region = space.regionOf(pages[i]);
      final int other = regionThere[region];
      final long offset = space.offsetBytes(region, pages[i]);
      there[i] =
          other < 0 || offset >= guest.get(other).sizeBytes()
              ? -1
              : guestSpace.pageAt(other, offset);
    }
    return there;
  }
}
