package io.farpage.guest;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Compares every byte that a {@link WriterGuest} has written with what it must be.
 *
 * <p>The guest must be stopped (QMP {@code stop}, or QEMU gone), at any instant: each CPU may have
 * one step begun and not committed, and it is known which page that would be. After a reboot, wait
 * for the guest's {@code R}: firmware may use some memory in between.
 */
public final class WriterGuestVerifier {
  private static final int PAGE_BYTES = 4096;
  private static final int CHUNK_PAGES = 256;
  private static final int MAX_LISTED = 20;

  private final WriterGuest guest;

  public WriterGuestVerifier(WriterGuest guest) {
    this.guest = guest;
  }

  /** Verifies {@code memory}, of a stopped guest. */
  public WriterVerification verify(GuestMemory memory) {
    return new Run(memory).verify();
  }

  private final class Run {
    private final GuestMemory memory;
    private final ExpectedCounters expected;
    private final PageCheck check = new PageCheck(guest);
    private final List<PageMismatch> mismatches = new ArrayList<>();
    private long pagesVerified;
    private long mismatchedPages;

    Run(GuestMemory memory) {
      this.memory = memory;
      this.expected = new ExpectedCounters(guest, memory);
    }

    WriterVerification verify() {
      expected.replay();
      if (expected.isUsable()) {
        comparePages();
      }
      return new WriterVerification(
          expected.boots(),
          expected.steps(),
          pagesVerified,
          mismatchedPages,
          mismatches,
          expected.problems());
    }

    private void comparePages() {
      ByteBuffer chunk =
          ByteBuffer.allocateDirect(CHUNK_PAGES * PAGE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      int end = guest.firstPage() + guest.pageCount();
      int page = guest.firstPage();
      while (page < end) {
        int pages = 1;
        while (pages < CHUNK_PAGES
            && page + pages < end
            && guest.gpa(page + pages) == guest.gpa(page) + (long) pages * PAGE_BYTES) {
          pages++;
        }
        memory.read(guest.gpa(page), chunk.clear().limit(pages * PAGE_BYTES));
        for (int i = 0; i < pages; i++) {
          comparePage(page + i, chunk, i * PAGE_BYTES);
        }
        page += pages;
      }
    }

    private void comparePage(int page, ByteBuffer chunk, int offset) {
      if (!expected.isFilled(page)) {
        return;
      }
      pagesVerified++;
      String problem =
          check.compare(page, chunk, offset, expected.counter(page), expected.mayBeAhead(page));
      if (problem != null) {
        mismatchedPages++;
        if (mismatches.size() < MAX_LISTED) {
          mismatches.add(new PageMismatch(guest.gpa(page), problem));
        }
      }
    }
  }
}
