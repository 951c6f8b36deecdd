package io.farpage.pager;

import io.farpage.prefetch.PageSpace;

/**
 * The cut of the guest's RAM into stripes, each of which belongs to one <em>shard</em>: a
 * userfaultfd, the demand agent that reads it, and its lane.
 *
 * <p>With one shard each region is one stripe. Else a region has up to {@value #ROUNDS} stripes for
 * each shard, of 2 MiB or more, so that the VMM's mappings, which userfaultfd splits at the
 * borders, stay few: the kernel allows a process some 65,000. They are dealt in rounds, one stripe
 * to each shard, and each round begins with another shard, by bit reversal of its number (van der
 * Corput's sequence): CPUs that go through equal parts of the memory in step, as guests do when
 * they clear or scan it, would meet in one shard if stripes were dealt in turn.
 *
 * <p>A region of huge pages is one stripe always. It has few faults, and the kernel never joins the
 * pieces of such a mapping again.
 *
 * <p>The cut depends on nothing but the regions and the number of shards, and a resumed migration
 * makes it again: who changes it has to change the journal's version. Immutable; allocates nothing
 * when asked.
 */
public final class FaultStripes {
  /** The most shards. */
  public static final int MAX_SHARDS = 16;

  private static final int ROUNDS = 16;

  /** Of all regions together. */
  private static final int MAX_STRIPES = 512;

  private static final long LEAST_BYTES = 2 << 20;
  private static final long PAGE_BYTES = 4096;

  private final int shards;
  private final long[] starts;
  private final long[] lengthsBytes;
  private final long[] stripeBytes;
  private final byte[][] owners;

  /** Hears of stripes. */
  @FunctionalInterface
  public interface StripeListener<E extends Exception> {
    /** Hears of one: whose it is, and where the VMM maps it. */
    void onStripe(int shard, long address, long lengthBytes) throws E;
  }

  /**
   * Cuts the RAM.
   *
   * @param shards how many, 1 to {@value #MAX_SHARDS}
   */
  public FaultStripes(final GuestRegions regions, final int shards) {
    if (shards < 1 || shards > MAX_SHARDS) {
      throw new IllegalArgumentException("1 to " + MAX_SHARDS + " shards, not " + shards);
    }
    this.shards = shards;
    final PageSpace space = regions.space();
    final int count = space.regionCount();
    starts = new long[count];
    lengthsBytes = new long[count];
    stripeBytes = new long[count];
    owners = new byte[count][];
    final int rounds = Math.max(1, Math.min(ROUNDS, MAX_STRIPES / (shards * count)));
    for (int region = 0; region < count; region++) {
      final long pageBytes = space.pageSizeBytes(region);
      starts[region] = regions.hostAddress(region, space.firstPage(region));
      lengthsBytes[region] = (space.endPage(region) - space.firstPage(region)) * pageBytes;
      stripeBytes[region] =
          shards == 1 || pageBytes > PAGE_BYTES
              ? lengthsBytes[region]
              : multiple(divideUp(lengthsBytes[region], (long) shards * rounds), LEAST_BYTES);
      owners[region] = deal(divideUp(lengthsBytes[region], stripeBytes[region]), region);
    }
  }

  /** The first region's first stripe is the first shard's; another region begins with another. */
  private byte[] deal(final long stripes, final int region) {
    final byte[] owner = new byte[(int) stripes];
    for (int i = 0; i < owner.length; i++) {
      final int first = Integer.reverse(i / shards) >>> (Integer.SIZE - 4);
      owner[i] = (byte) ((i + first + region) % shards);
    }
    return owner;
  }

  private static long divideUp(final long value, final long divisor) {
    return (value + divisor - 1) / divisor;
  }

  private static long multiple(final long value, final long unit) {
    return divideUp(value, unit) * unit;
  }

  /** Returns the number of shards. */
  public int shards() {
    return shards;
  }

  /** Has somebody told of every stripe. */
  public <E extends Exception> void forEach(final StripeListener<E> listener) throws E {
    for (int region = 0; region < starts.length; region++) {
      for (long at = 0; at < lengthsBytes[region]; at += stripeBytes[region]) {
        final long address = starts[region] + at;
        listener.onStripe(shardAt(address), address, clip(address, lengthsBytes[region] - at));
      }
    }
  }

  /**
   * Returns the shard that an address belongs to.
   *
   * @param address the VMM's, within a region
   */
  public int shardAt(final long address) {
    final int region = regionAt(address);
    return owners[region][(int) ((address - starts[region]) / stripeBytes[region])];
  }

  /**
   * Returns how much of a range is of one stripe.
   *
   * @param address the VMM's, within a region
   * @param lengthBytes the range's length
   */
  public long clip(final long address, final long lengthBytes) {
    final int region = regionAt(address);
    final long stripe = stripeBytes[region];
    return Math.min(lengthBytes, stripe - (address - starts[region]) % stripe);
  }

  private int regionAt(final long address) {
    // guests have a handful of regions: a scan beats a binary search
    int region = 0;
    while (Long.compareUnsigned(address - starts[region], lengthsBytes[region]) >= 0) {
      region++;
    }
    return region;
  }
}
