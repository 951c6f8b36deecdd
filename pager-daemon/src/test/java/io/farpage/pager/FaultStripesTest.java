package io.farpage.pager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.farpage.prefetch.PageSpace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FaultStripesTest {
  private static final long MIB = 1 << 20;
  private static final long GIB = 1 << 30;
  private static final long AT = 0x7f12_3460_0000L;

  private record Stripe(int shard, long address, long lengthBytes) {}

  private static GuestRegions regions(final long pageBytes, final long... sizesBytes) {
    final long[] pageSizes = new long[sizesBytes.length];
    final long[] addresses = new long[sizesBytes.length];
    Arrays.fill(pageSizes, pageBytes);
    for (int i = 0; i < addresses.length; i++) {
      addresses[i] = AT + i * 1024 * GIB;
    }
    return new GuestRegions(new PageSpace(sizesBytes, pageSizes), addresses);
  }

  private static List<Stripe> stripes(final FaultStripes cut) {
    final List<Stripe> all = new ArrayList<>();
    cut.forEach((shard, address, length) -> all.add(new Stripe(shard, address, length)));
    return all;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 7, 16})
  void stripesCoverEveryRegionOnceAndAgreeWithWhatIsAsked(final int shards) {
    final long[] sizes = {3 * GIB + 8192, 4096, 2 * MIB, 97 * MIB};
    final FaultStripes cut = new FaultStripes(regions(4096, sizes), shards);
    int region = 0;
    long at = 0;
    for (final Stripe stripe : stripes(cut)) {
      if (at == sizes[region]) {
        region++;
        at = 0;
      }
      final long start = AT + region * 1024 * GIB;
      assertEquals(start + at, stripe.address());
      assertTrue(at % (2 * MIB) == 0, "no huge page is cut");
      for (final long inside : new long[] {0, stripe.lengthBytes() / 2, stripe.lengthBytes() - 1}) {
        assertEquals(stripe.shard(), cut.shardAt(stripe.address() + inside));
        assertEquals(
            Math.min(100 * GIB, stripe.lengthBytes() - inside),
            Math.min(sizes[region] - at - inside, cut.clip(stripe.address() + inside, 100 * GIB)));
        assertEquals(1, cut.clip(stripe.address() + inside, 1));
      }
      at += stripe.lengthBytes();
    }
    assertEquals(sizes.length - 1, region);
    assertEquals(sizes[region], at);
  }

  @Test
  void oneShardCutsNothing() {
    assertEquals(
        List.of(new Stripe(0, AT, 6 * GIB), new Stripe(0, AT + 1024 * GIB, GIB)),
        stripes(new FaultStripes(regions(4096, 6 * GIB, GIB), 1)));
  }

  @Test
  void hugePagesAreNotCutAndGoRound() {
    assertEquals(
        List.of(new Stripe(0, AT, 6 * GIB), new Stripe(1, AT + 1024 * GIB, GIB)),
        stripes(new FaultStripes(regions(2 * MIB, 6 * GIB, GIB), 2)));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 8, 16})
  void everyShardHasAsMuchAsTheOthers(final int shards) {
    final long[] bytes = new long[shards];
    final long size = 48L * GIB;
    stripes(new FaultStripes(regions(4096, size), shards))
        .forEach(stripe -> bytes[stripe.shard()] += stripe.lengthBytes());
    for (final long each : bytes) {
      assertEquals(size / shards, each, size / shards / 100.0);
    }
  }

  @Test
  void thereAreFewStripesHoweverManyRegions() {
    final long[] sizes = new long[64];
    Arrays.fill(sizes, 4 * GIB);
    assertTrue(stripes(new FaultStripes(regions(4096, sizes), 16)).size() <= 1024);
    assertEquals(256, stripes(new FaultStripes(regions(4096, 64 * GIB), 16)).size());
  }

  /** At no time more than twice as many of them as need be are in one shard. */
  @ParameterizedTest
  @ValueSource(ints = {2, 4, 8, 16})
  void cpusThatGoThroughEqualPartsInStepDoNotMeet(final int shards) {
    final long size = 16 * GIB;
    final FaultStripes cut = new FaultStripes(regions(4096, size), shards);
    for (final int cpus : new int[] {2, 4, 8, 16}) {
      final long part = size / cpus;
      for (long at = 0; at < part; at += part / 1000 / 4096 * 4096) {
        final int[] waiting = new int[shards];
        for (int cpu = 0; cpu < cpus; cpu++) {
          waiting[cut.shardAt(AT + cpu * part + at)]++;
        }
        final int most = Arrays.stream(waiting).max().orElseThrow();
        assertTrue(
            most <= 2 * Math.max(1, cpus / shards),
            most + " of " + cpus + " in one shard at " + at);
      }
    }
  }

  /** Who changes it changes the journal's version, too. */
  @Test
  void theCutIsThatOfTheJournalsVersion() {
    final StringBuilder owners = new StringBuilder();
    stripes(new FaultStripes(regions(4096, 96 * MIB, 8 * MIB), 3))
        .forEach(stripe -> owners.append(stripe.shard()));
    assertEquals("012201120".repeat(5) + "012" + "1200", owners.toString());
  }

  @Test
  void anImpossibleNumberIsRefused() {
    final GuestRegions regions = regions(4096, GIB);
    assertThrows(IllegalArgumentException.class, () -> new FaultStripes(regions, 0));
    assertThrows(IllegalArgumentException.class, () -> new FaultStripes(regions, 17));
  }
}
