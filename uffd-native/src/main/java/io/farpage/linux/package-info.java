/**
 * The Linux kernel as plain Java classes, one per kernel object: userfaultfd, a system call in
 * another process, pidfd, RAM files, page maps, sockets and descriptors by number.
 *
 * <p>Three rules hold for all of them. Calls marked HOT take and return primitives, allocate
 * nothing and report failure as a negative errno; all other calls throw {@link
 * io.farpage.linux.LinuxException} with the errno. Whoever opens an object closes it. Every number
 * and offset of the kernel's interface stands in {@link io.farpage.linux.UffdConstants}, {@link
 * io.farpage.linux.UffdFeature}, {@link io.farpage.linux.SocketIo} or {@code Abi}, and a test
 * compares them with the kernel's own headers.
 *
 * <p>A Java thread must never touch memory that waits on a userfaultfd: it could not reach a
 * safepoint, and the thread that answers the fault would stop with it.
 */
package io.farpage.linux;
