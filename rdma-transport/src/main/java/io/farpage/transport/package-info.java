/**
 * One-sided reads of another host's memory: the interface that the pager uses.
 *
 * <p>A {@link io.farpage.transport.PageLane} turns "this range of that region" into "these bytes
 * are now in place" in the local mapping of the same region. The demand lane and the bulk lane of a
 * session share nothing, so that a page the guest waits for never queues behind pages it may want
 * later.
 */
package io.farpage.transport;
