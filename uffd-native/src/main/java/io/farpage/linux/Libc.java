package io.farpage.linux;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.nio.charset.StandardCharsets;

/**
 * The C library's functions, bound directly: a call with primitive arguments allocates nothing.
 *
 * <p>The variadic ones ({@code ioctl}, {@code syscall}, {@code open}) are bound with fixed
 * arguments, which the x86-64 and AArch64 Linux calling conventions allow for integers and
 * pointers.
 */
final class Libc {
  // JNA would run ldconfig to learn where libraries are; these are the places all the same
  private static final String LIBRARY_PATH_PROPERTY = "jna.platform.library.path";
  private static final String LIBRARY_PATH =
      "/usr/lib/x86_64-linux-gnu:/lib/x86_64-linux-gnu:/usr/lib/aarch64-linux-gnu"
          + ":/lib/aarch64-linux-gnu:/usr/lib64:/lib64:/usr/lib:/lib";

  static {
    if (System.getProperty(LIBRARY_PATH_PROPERTY) == null) {
      System.setProperty(LIBRARY_PATH_PROPERTY, LIBRARY_PATH);
    }
    // the process has the C library in it already
    Native.register(Libc.class, NativeLibrary.getProcess());
  }

  private Libc() {}

  static native int ioctl(int fd, long request, long argument);

  static native long syscall(long number, long a, long b, long c, long d, long e, long f);

  static native long read(int fd, long address, long lengthBytes);

  static native long write(int fd, long address, long lengthBytes);

  static native long pread(int fd, long address, long lengthBytes, long offset);

  static native int open(byte[] path, int flags, int mode);

  static native int close(int fd);

  static native long mmap(
      long address, long lengthBytes, int protection, int flags, int fd, long offset);

  static native int munmap(long address, long lengthBytes);

  static native int madvise(long address, long lengthBytes, int advice);

  static native int fallocate(int fd, int mode, long offset, long lengthBytes);

  static native int ftruncate(int fd, long lengthBytes);

  static native long lseek(int fd, long offset, int whence);

  static native int fstatfs(int fd, long statfs);

  static native int getpagesize();

  static native int memfd_create(byte[] name, int flags);

  static native int poll(long pollfds, long count, int timeoutMs);

  static native int eventfd(int initial, int flags);

  static native int inotify_init1(int flags);

  static native int inotify_add_watch(int fd, byte[] path, int mask);

  static native int epoll_create1(int flags);

  static native int epoll_ctl(int epollFd, int operation, int fd, long event);

  static native long recv(int fd, long address, long lengthBytes, int flags);

  static native long send(int fd, long address, long lengthBytes, int flags);

  static native long recvmsg(int fd, long msghdr, int flags);

  static native long sendmsg(int fd, long msghdr, int flags);

  static native int socketpair(int domain, int type, int protocol, int[] fds);

  static native int shutdown(int fd, int how);

  static native int setsockopt(int fd, int level, int option, long value, int lengthBytes);

  static native int getsockopt(int fd, int level, int option, long value, int[] lengthBytes);

  static native int waitpid(int pid, int[] status, int options);

  static native String strerror(int errno);

  /** The error number that the calling thread's last call of this class left behind. */
  static int errno() {
    return Native.getLastError();
  }

  /** A system call by number, with up to three arguments. */
  static long syscall(long number, long a, long b, long c) {
    return syscall(number, a, b, c, 0, 0, 0);
  }

  /** A C string: UTF-8 with the terminating zero. */
  static byte[] cString(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return java.util.Arrays.copyOf(bytes, bytes.length + 1);
  }
}
