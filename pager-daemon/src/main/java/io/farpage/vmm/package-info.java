/**
 * Attaching to a virtual machine monitor: which process it is, where its RAM is, and how it is told
 * to migrate.
 *
 * <p>{@link io.farpage.vmm.Vmm} is all that the pager needs from any VMM; {@link
 * io.farpage.vmm.Qemu} is the first, driven by QMP. A VM that Farpage cannot move, or not safely,
 * is refused with a {@link io.farpage.vmm.VmmException} whose message names the option or the
 * device to change.
 */
package io.farpage.vmm;
