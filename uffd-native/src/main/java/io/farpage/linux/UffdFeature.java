package io.farpage.linux;

import java.util.EnumSet;
import java.util.Set;

/**
 * What a kernel's userfaultfd can do beyond the basics: the bits of {@code uffdio_api.features}.
 */
public enum UffdFeature {
  PAGEFAULT_FLAG_WP(0),
  EVENT_FORK(1),
  EVENT_REMAP(2),
  EVENT_REMOVE(3),
  MISSING_HUGETLBFS(4),
  MISSING_SHMEM(5),
  EVENT_UNMAP(6),
  SIGBUS(7),
  THREAD_ID(8),
  MINOR_HUGETLBFS(9),
  MINOR_SHMEM(10),
  EXACT_ADDRESS(11),
  WP_HUGETLBFS_SHMEM(12),
  WP_UNPOPULATED(13),
  POISON(14),
  WP_ASYNC(15),
  MOVE(16);

  private final long bit;

  UffdFeature(int bitNumber) {
    this.bit = 1L << bitNumber;
  }

  /** This feature's bit, for {@link Userfaultfd#handshake}. */
  public long bit() {
    return bit;
  }

  /** Whether a mask, as {@link Userfaultfd#handshake} returns it, has this feature. */
  public boolean in(long mask) {
    return (mask & bit) != 0;
  }

  /** The mask of some features. */
  public static long mask(UffdFeature... features) {
    long mask = 0;
    for (UffdFeature feature : features) {
      mask |= feature.bit;
    }
    return mask;
  }

  /** The features of a mask; bits without a name here are left out. */
  public static Set<UffdFeature> of(long mask) {
    Set<UffdFeature> features = EnumSet.noneOf(UffdFeature.class);
    for (UffdFeature feature : values()) {
      if (feature.in(mask)) {
        features.add(feature);
      }
    }
    return features;
  }
}
