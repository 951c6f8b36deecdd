/**
 * A migration from beginning to end, on each side: states, the commit point, and what happens when
 * something fails.
 *
 * <p>Until the source has sent the last byte of the device state, the destination cannot resume the
 * guest, so every failure leaves it running on the source. From the destination's word that it has
 * resumed, the source never runs the guest again. Between the two, only the destination knows: the
 * source resumes on its explicit word that its guest will never run, and on nothing else.
 */
package io.farpage.migration;
