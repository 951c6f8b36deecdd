package io.farpage.dirty;

import io.farpage.linux.SoftDirty;
import io.farpage.prefetch.PageBits;
import io.farpage.prefetch.PageSpace;
import io.farpage.transport.Extents;
import io.farpage.vmm.Vmm;
import java.io.IOException;

/**
 * The soft-dirty bits of the VMM's page tables, for kernels before 6.7.
 *
 * <p>It does not re-arm: reading the bits and clearing them are two steps, the second for the whole
 * process, and a write between them would be lost. So the bits are cleared once, and what was
 * written once stays written: good for one pass over the memory, and to know at the end what of it
 * is clean.
 *
 * <p>A page that was written, lost its page table entry (reclaimed, or given back), and was then
 * read by the guest looks unwritten; the reader's own mapping loses such a page at the same time.
 */
final class SoftDirtyTracker implements DirtyTracker {
  static final String NAME = "soft-dirty";

  private final SoftDirty bits;
  private final RegionPages pages;
  private final PageBits unwritten;
  private boolean armed;

  private SoftDirtyTracker(final SoftDirty bits, final RegionPages pages) {
    this.bits = bits;
    this.pages = pages;
    this.unwritten = PageBits.allocate(pages.space().pageCount());
  }

  static SoftDirtyTracker open(final Vmm vmm, final PageSpace space) throws IOException {
    return new SoftDirtyTracker(SoftDirty.open(vmm.pid()), new RegionPages(vmm, space));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public boolean rearms() {
    return false;
  }

  @Override
  public int vmmUserfaultfd() {
    return -1;
  }

  @Override
  public void arm(final Extents data) throws IOException {
    bits.clear();
    armed = true;
  }

  @Override
  public void collect(final PageBits written) throws IOException {
    pages.setTouched(written, bits::written);
  }

  @Override
  public void collectLast(final PageBits known, final PageBits unclean) throws IOException {
    unwritten.clear();
    if (armed) {
      pages.setWhole(unwritten, bits::unwritten);
    }
    unclean.setDifference(known, unwritten);
  }

  /** The bits may stay as they are: the kernel keeps them for whoever asks next. */
  @Override
  public void close() {
    bits.close();
  }
}
