/**
 * Guests and the QEMU that runs them, for the demonstration, the benchmarks and the tests.
 *
 * <p>Two guests exist. {@link io.farpage.guest.WriterGuest} is a boot sector that writes to its
 * memory for ever in an order that can be replayed, so that {@link
 * io.farpage.guest.WriterGuestVerifier} can tell at any instant what every byte of its memory must
 * be. {@link io.farpage.guest.LinuxGuest} is a small Linux with a program that checks its own
 * memory. {@link io.farpage.guest.QemuCommand} and {@link io.farpage.guest.QemuProcess} run either
 * in any installed {@link io.farpage.guest.QemuInstallation}.
 */
package io.farpage.guest;
