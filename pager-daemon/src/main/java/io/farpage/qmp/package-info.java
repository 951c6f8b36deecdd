/**
 * QMP, QEMU's machine protocol, over a UNIX socket: commands with replies, events, and failures
 * that say what to do.
 *
 * <p>{@link io.farpage.qmp.QmpClient} knows the protocol and nothing about migration; what to say
 * to QEMU is in {@code io.farpage.vmm}. Every failure is a {@link io.farpage.qmp.QmpException}.
 */
package io.farpage.qmp;
