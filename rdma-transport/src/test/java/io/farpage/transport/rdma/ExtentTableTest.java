package io.farpage.transport.rdma;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class ExtentTableTest {
  private final ExtentTable table =
      new ExtentTable(
          List.of(
              extent(1, 0, 100, 7000, 5),
              extent(0, 300, 100, 9000, 3),
              extent(0, 100, 200, 5000, 1),
              extent(0, 500, 100, 11000, 4)));

  private static ReadableExtent extent(
      final int region, final long offset, final long length, final long address, final int key) {
    return new ReadableExtent(new RemoteExtent(region, offset, length, address, key), 10 * key);
  }

  @Test
  void findsTheEntryOfAByte() {
    assertEquals(-1, table.find(0, 99));
    assertEquals(1, table.rkey(table.find(0, 100)));
    assertEquals(1, table.rkey(table.find(0, 299)));
    assertEquals(3, table.rkey(table.find(0, 300)));
    assertEquals(-1, table.find(0, 400));
    assertEquals(5, table.rkey(table.find(1, 99)));
    assertEquals(-1, table.find(1, 100));
    assertEquals(-1, table.find(2, 0));
    assertEquals(50, table.lkey(table.find(1, 0)));
    assertEquals(-1, ExtentTable.EMPTY.find(0, 0));
  }

  @Test
  void translatesAddresses() {
    assertEquals(5050, table.remoteAddress(table.find(0, 150), 150));
    assertEquals(9000, table.remoteAddress(table.find(0, 300), 300));
  }

  @Test
  void aRangeMayLieInSeveralEntriesButNotInAHole() {
    assertEquals(1, table.parts(0, 100, 200));
    assertEquals(2, table.parts(0, 200, 200));
    assertEquals(0, table.parts(0, 350, 100));
    assertEquals(0, table.parts(0, 350, 200));
    assertEquals(0, table.parts(0, 50, 100));
    assertEquals(0, table.parts(1, 0, 101));
    assertEquals(0, table.parts(0, 550, 51));
  }

  @Test
  void aPartOfAnExtentKeepsItsAddresses() {
    final ReadableExtent part = extent(0, 1000, 500, 90_000, 1).part(1100, 1200);
    assertEquals(new RemoteExtent(0, 1100, 100, 90_100, 1), part.remote());
    assertEquals(10, part.lkey());
  }
}
