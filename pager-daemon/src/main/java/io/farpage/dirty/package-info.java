/**
 * Which pages a running guest writes, while its memory is read.
 *
 * <p>The order is what makes it safe: {@link io.farpage.dirty.DirtyTracker#collect} takes the pages
 * that were written and watches them again, and only then are they read. A write after that is
 * reported by the next collection; one before it is in what is read.
 *
 * <p>Tracked are writes through the VMM's own mapping: its vCPUs, its devices, and the kernel on
 * its behalf. Not tracked is what reaches a page that was pinned for a device before it was watched
 * again: a read with O_DIRECT (QEMU's {@code cache=none}) that is in flight during a collection.
 */
package io.farpage.dirty;
