package io.farpage.prefetch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PageOriginsTest {
  private static final int PAGES = 200;

  private final PageOrigins origins = new PageOrigins(PAGES);

  @Test
  void untilTheListIsCompleteEveryPageMayBeData() {
    origins.addData(10, 5);
    assertEquals(PageOrigin.SOURCE, origins.originOf(10));
    assertEquals(PageOrigin.SOURCE, origins.originOf(15));
    assertEquals(5, origins.dataPageCount());
    origins.complete();
    assertEquals(PageOrigin.SOURCE, origins.originOf(14));
    assertEquals(PageOrigin.HOLE, origins.originOf(15));
    assertEquals(5, origins.dataPageCount());
  }

  @Test
  void theExactListReplacesWhatWasNoted() {
    origins.noteData(0, 100);
    assertEquals(100, origins.dataPageCount());
    // the guest has given back 50 to 99 since, and taken 150 to 159
    origins.addData(0, 50);
    origins.addData(150, 10);
    assertEquals(110, origins.dataPageCount());
    assertFalse(origins.isComplete());
    assertEquals(PageOrigin.SOURCE, origins.originOf(70));
    origins.complete();
    assertEquals(60, origins.dataPageCount());
    assertEquals(PageOrigin.HOLE, origins.originOf(70));
    assertEquals(PageOrigin.SOURCE, origins.originOf(49));
    assertEquals(PageOrigin.SOURCE, origins.originOf(155));
  }

  @Test
  void exactHolesAreWalkedBeforeTheListIsComplete() {
    origins.noteData(0, PAGES);
    origins.addData(0, 50);
    origins.addData(150, 10);
    assertTrue(origins.isExactData(49));
    assertFalse(origins.isExactData(50));
    assertEquals(50, origins.nextExactHole(0, PAGES));
    assertEquals(150, origins.exactHoleEnd(50, PAGES));
    assertEquals(120, origins.exactHoleEnd(50, 120));
    assertEquals(160, origins.nextExactHole(150, PAGES));
    assertEquals(PAGES, origins.exactHoleEnd(160, PAGES));
    assertEquals(-1, origins.nextExactHole(0, 50));
    assertEquals(-1, origins.nextExactHole(PAGES, PAGES));
  }
}
