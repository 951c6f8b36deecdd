/**
 * The hot path of the destination: faults in, pages out.
 *
 * <p>Read {@link io.farpage.pager.DemandAgent}, {@link io.farpage.pager.PrefetchAgent} and {@link
 * io.farpage.pager.PagePlacement}: the first answers what the guest waits for, the second fetches
 * the rest behind it, the third makes pages visible to the guest. Nothing here allocates, locks,
 * logs or touches guest memory through anything but the daemon's own mapping once the guest has
 * resumed.
 *
 * <p>There may be several demand agents; {@link io.farpage.pager.FaultStripes} says which of them
 * has which part of the RAM, and {@link io.farpage.pager.StripedPlacer} asks the right userfaultfd.
 *
 * <p>The order that keeps a {@code kill -9} harmless is always the same: data in place, received
 * bit set, {@code UFFDIO_CONTINUE}.
 */
package io.farpage.pager;
