/**
 * When to stop reading ahead of the switchover: the measured rounds of a warm-up, the operator's
 * limits, and the decision. What is read in a round is {@link io.farpage.prefetch.WarmupPlan}'s.
 */
package io.farpage.warmup;
