package io.farpage.dirty;

/** Which ways of dirty tracking the operator allows. */
public enum DirtyTracking {
  /** The best that works here. */
  AUTO,
  /** A userfaultfd that notes writes: Linux 6.7 or newer. */
  WP_ASYNC,
  /** The soft-dirty bits of the page tables: kernels with CONFIG_MEM_SOFT_DIRTY. */
  SOFT_DIRTY,
  /** None. */
  OFF
}
