package io.farpage.test;

import static org.junit.jupiter.api.Assertions.fail;

import io.farpage.guest.LinuxGuest;
import io.farpage.guest.QemuInstallation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.opentest4j.TestAbortedException;

/**
 * What a test needs of the machine. Where it is missing, the test is skipped and says so on
 * standard error; with {@code CI=true} in the environment it fails, since there everything must be
 * present.
 */
public final class Needs {
  private Needs() {}

  /** The system's QEMU. */
  public static QemuInstallation qemu() {
    return present(
        QemuInstallation.system(),
        "qemu-system-x86_64, on the search path or named by FARPAGE_QEMU (Debian package:"
            + " qemu-system-x86)");
  }

  /** QEMU 10 beside the system's. */
  public static QemuInstallation qemu10() {
    return present(
        QemuInstallation.qemu10(), "QEMU 10: run pager-daemon/src/test/setup/fetch-qemu10");
  }

  /** A KVM that really runs the writer guest: the device file alone says nothing. */
  public static void kvm() {
    qemu();
    String problem = KvmProbe.problem();
    if (problem != null) {
      missing("KVM: " + problem);
    }
  }

  /** The Linux guest. */
  public static LinuxGuest linuxGuest() {
    return present(
        LinuxGuest.find(), "the Linux guest: run pager-daemon/src/main/guest/build-linux-guest");
  }

  /** To be root. */
  public static void root() {
    try {
      if (!Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))) {
        missing("root: run the tests as root for those that attach to other processes");
      }
    } catch (IOException e) {
      missing("root: " + e);
    }
  }

  /**
   * A hugetlbfs with at least {@code count} free pages of 2 MiB, reserved if need be.
   *
   * @return where it is mounted
   */
  public static Path hugepages(int count) {
    try {
      return HugePages.reserve(count);
    } catch (IOException e) {
      missing(count + " huge pages: " + e.getMessage());
      throw new AssertionError("unreachable", e);
    }
  }

  /** Skips the calling test, or fails it under CI. */
  public static void missing(String what) {
    if ("true".equals(System.getenv("CI"))) {
      fail("CI=true, and this machine lacks " + what);
    }
    System.err.println("SKIPPED " + caller() + ": this machine lacks " + what);
    throw new TestAbortedException("this machine lacks " + what);
  }

  private static <T> T present(Optional<T> value, String what) {
    if (value.isEmpty()) {
      missing(what);
    }
    return value.get();
  }

  /** The outermost method of the project on the stack: the test. */
  private static String caller() {
    return StackWalker.getInstance()
        .walk(
            frames ->
                frames
                    .filter(frame -> frame.getClassName().startsWith("io.farpage."))
                    .reduce((inner, outer) -> outer)
                    .map(frame -> frame.getClassName() + "." + frame.getMethodName())
                    .orElse("a test"));
  }
}
