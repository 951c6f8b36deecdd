/**
 * Measurements and endurance: whole migrations of real guests, side by side in one run.
 *
 * <p>Absolute times depend on the machine; what is compared is interleaved, and medians are shown.
 */
package io.farpage.bench;
