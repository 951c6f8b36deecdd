package io.farpage.dirty;

import com.sun.jna.Pointer;
import io.farpage.linux.RamFile;
import io.farpage.prefetch.PageBits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;

/** A copy of a RAM file of one region, page by page, as a destination would have it. */
final class RamCopy implements AutoCloseable {
  private final RamFile file;
  private final Pointer ram;
  private final int pageBytes;
  private final byte[][] pages;

  RamCopy(final Path path) throws IOException {
    file = RamFile.open(path, true);
    ram = new Pointer(file.mapReadOnly());
    pageBytes = (int) file.pageSizeBytes();
    pages = new byte[(int) (file.sizeBytes() / pageBytes)][];
  }

  int pageCount() {
    return pages.length;
  }

  RamFile file() {
    return file;
  }

  private byte[] read(final int page) {
    return ram.getByteArray((long) page * pageBytes, pageBytes);
  }

  /** Copies all pages. */
  void takeAll() {
    for (int page = 0; page < pages.length; page++) {
      pages[page] = read(page);
    }
  }

  /** Copies the pages whose bits are set, and clears these; returns how many there were. */
  int take(final PageBits bits) {
    int count = 0;
    for (long page = bits.nextSet(0, pages.length);
        page >= 0;
        page = bits.nextSet(page + 1, pages.length)) {
      pages[(int) page] = read((int) page);
      count++;
    }
    bits.clear();
    return count;
  }

  /** The same, but from what another copy has. */
  void take(final PageBits bits, final RamCopy from) {
    for (long page = bits.nextSet(0, pages.length);
        page >= 0;
        page = bits.nextSet(page + 1, pages.length)) {
      pages[(int) page] = from.pages[(int) page];
    }
    bits.clear();
  }

  /** The pages that are not as they are in the file now. */
  BitSet wrong() {
    final BitSet wrong = new BitSet();
    for (int page = 0; page < pages.length; page++) {
      if (!Arrays.equals(pages[page], read(page))) {
        wrong.set(page);
      }
    }
    return wrong;
  }

  @Override
  public void close() {
    file.close();
  }
}
