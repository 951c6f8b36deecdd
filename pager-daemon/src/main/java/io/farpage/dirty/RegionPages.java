package io.farpage.dirty;

import io.farpage.linux.RangeListener;
import io.farpage.prefetch.PageBits;
import io.farpage.prefetch.PageSpace;
import io.farpage.vmm.RamRegion;
import io.farpage.vmm.Vmm;
import java.io.IOException;
import java.util.List;

/** Turns ranges of the VMM's addresses into page numbers, region by region. */
final class RegionPages {
  private final PageSpace space;
  private final List<RamRegion> regions;
  private final Marker marker = new Marker();

  RegionPages(final Vmm vmm, final PageSpace space) {
    this.space = space;
    this.regions = vmm.ram();
    if (regions.size() != space.regionCount()) {
      throw new IllegalArgumentException(
          regions.size() + " regions, and pages of " + space.regionCount());
    }
    for (int i = 0; i < regions.size(); i++) {
      if (space.endPage(i) - space.firstPage(i)
          != regions.get(i).sizeBytes() / space.pageSizeBytes(i)) {
        throw new IllegalArgumentException("the pages are not those of " + regions.get(i).id());
      }
    }
  }

  /** A scan of a part of the VMM's memory. */
  interface Scan {
    void run(long address, long lengthBytes, RangeListener found) throws IOException;
  }

  List<RamRegion> regions() {
    return regions;
  }

  PageSpace space() {
    return space;
  }

  /** Sets the bits of the pages of which any part is found. */
  void setTouched(final PageBits bits, final Scan scan) throws IOException {
    set(bits, scan, false);
  }

  /** Sets the bits of the pages that are found whole. */
  void setWhole(final PageBits bits, final Scan scan) throws IOException {
    set(bits, scan, true);
  }

  private void set(final PageBits bits, final Scan scan, final boolean whole) throws IOException {
    for (int i = 0; i < regions.size(); i++) {
      marker.begin(i, bits, whole);
      scan.run(regions.get(i).hostAddress(), regions.get(i).sizeBytes(), marker);
      marker.flush();
    }
  }

  private final class Marker implements RangeListener {
    private PageBits bits;
    private boolean whole;
    private long base;
    private long firstPage;
    private int shift;
    private long start;
    private long end;

    void begin(final int region, final PageBits into, final boolean wholePages) {
      bits = into;
      whole = wholePages;
      base = regions.get(region).hostAddress();
      firstPage = space.firstPage(region);
      shift = Long.numberOfTrailingZeros(space.pageSizeBytes(region));
      start = 0;
      end = 0;
    }

    @Override
    public void range(final long from, final long to) {
      // a page can lie across two ranges that touch
      if (from - base != end) {
        flush();
        start = from - base;
      }
      end = to - base;
    }

    void flush() {
      final long roundUp = (1L << shift) - 1;
      final long first = (whole ? start + roundUp : start) >> shift;
      final long last = (whole ? end : end + roundUp) >> shift;
      if (last > first) {
        bits.setRange(firstPage + first, last - first);
      }
    }
  }
}
