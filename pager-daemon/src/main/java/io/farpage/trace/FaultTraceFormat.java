package io.farpage.trace;

/**
 * The layout of a trace file. All numbers are little endian; a <em>varint</em> has seven bits a
 * byte, the lowest first, and the highest bit says that more follow.
 *
 * <pre>
 * 8 bytes  magic "FARPFLTS"
 * 4 bytes  layout version
 * varint   regions, 1 to 4096; then each:
 *            varint  length of its id in bytes, and the id in UTF-8
 *            varint  size in bytes
 *            varint  page size in bytes
 * records, in the order of the faults:
 *   varint   time since the fault before (or since the begin) in units of 100 ns, times 8,
 *            plus the ordinal of the {@link FaultKind}
 *   varint   page number less that of the fault before (or 0), 0, -1, 1, -2, ... as 0, 1, 2, 3, ...
 * varint   7, the end of the records
 * varint   records that were lost because the writer fell behind
 * varint   nanoseconds from the begin to the guest's resume
 * varint   nanoseconds that a fault of kind DEMAND took to answer, the median
 * page set RAM that is data on the source; what is not in it are holes
 * page set data that was still missing when the guest stopped on the source
 * heat     of every page, runs of equal heat: varint pages, 1 byte heat; until every page has one;
 *          one run of heat 0 when none was measured
 * </pre>
 *
 * <p>Page numbers count over all regions, see {@link io.farpage.prefetch.PageSpace}. A page set is
 * a number of varints: pages that are not in it, pages that are, pages that are not, and so on,
 * until every page has been counted. The sets come last because where data is becomes known only
 * after the first faults.
 *
 * <p>The file may be compressed as gzip does it.
 */
public final class FaultTraceFormat {
  /** The layout version that is written, and the only one that is read. */
  public static final int VERSION = 1;

  static final long MAGIC = 0x53544c4650524146L; // "FARPFLTS"
  static final int MAX_REGIONS = 4096;
  static final int MAX_ID_BYTES = 1024;
  static final long MAX_PAGES = (1L << 31) - 64;
  static final long TIME_UNIT_NS = 100;
  static final int KIND_BITS = 3;
  static final int KIND_MASK = 7;
  static final int END = 7;

  private FaultTraceFormat() {}
}
