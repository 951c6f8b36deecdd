package io.farpage.doctor;

import io.farpage.dirty.DirtyTrackers;
import io.farpage.guest.QemuInstallation;
import io.farpage.linux.KernelVersion;
import io.farpage.linux.LinuxException;
import io.farpage.linux.ProcessStatus;
import io.farpage.linux.UffdFeature;
import io.farpage.linux.Userfaultfd;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Looks at this host, changing nothing. */
public final class Doctor {
  private static final Path SHM = Path.of("/dev/shm");
  private static final Path UNPRIVILEGED = Path.of("/proc/sys/vm/unprivileged_userfaultfd");
  private static final Path HUGE_PAGES = Path.of("/proc/sys/vm/nr_hugepages");

  /** Examines everything, in the order in which it matters. */
  public List<Finding> examine() {
    final List<Finding> findings = new ArrayList<>();
    findings.add(architecture());
    findings.add(kernel());
    findings.add(userfaultfd());
    findings.add(dirtyTracking());
    findings.add(ptrace());
    findings.add(unprivilegedUserfaultfd());
    findings.add(sharedMemory());
    findings.add(hugePages());
    findings.add(qemu());
    findings.add(kvm());
    findings.addAll(RdmaFindings.examine());
    return findings;
  }

  private static Finding architecture() {
    final String architecture = System.getProperty("os.arch");
    return architecture.equals("amd64")
        ? Finding.good("processor: x86-64")
        : Finding.missing(
            "processor: " + architecture,
            "the system call that Farpage has QEMU execute is written for x86-64 only");
  }

  private static Finding kernel() {
    final KernelVersion kernel = KernelVersion.running();
    if (!kernel.isAtLeast(5, 14)) {
      return Finding.missing(
          "kernel " + kernel.release(),
          "a destination needs Linux 5.14 or newer (minor faults on shared memory)");
    }
    return kernel.isAtLeast(6, 7)
        ? Finding.good("kernel " + kernel.release())
        : Finding.less(
            "kernel " + kernel.release(),
            "from 6.7 on the kernel can also track a source's writes cheaply");
  }

  private static Finding userfaultfd() {
    final Set<UffdFeature> features;
    try {
      features = Userfaultfd.availableFeatures();
    } catch (final LinuxException e) {
      return Finding.missing(
          "userfaultfd: " + e.getMessage(),
          "run as root, or set the sysctl vm.unprivileged_userfaultfd=1; a container may also"
              + " forbid it by seccomp");
    }
    if (!features.contains(UffdFeature.MINOR_SHMEM)) {
      return Finding.missing(
          "userfaultfd: no minor faults on shared memory",
          "use a kernel from 5.14 on, built with CONFIG_HAVE_ARCH_USERFAULTFD_MINOR");
    }
    return Finding.good("userfaultfd: minor and missing faults on shared memory");
  }

  private static Finding dirtyTracking() {
    return switch (DirtyTrackers.best()) {
      case WP_ASYNC -> Finding.good("dirty tracking: wp-async");
      case SOFT_DIRTY ->
          Finding.less(
              "dirty tracking: soft-dirty, once a warm-up, and not for RAM on hugetlbfs",
              "Linux 6.7 or newer tracks a source's writes round by round");
      default ->
          Finding.less(
              "dirty tracking: none, so a source here has no warm-up: hybrid is post-copy",
              "use Linux 6.7 or newer, or a kernel with CONFIG_MEM_SOFT_DIRTY");
    };
  }

  private static Finding ptrace() {
    try {
      return ProcessStatus.self().hasCapability(ProcessStatus.CAP_SYS_PTRACE)
          ? Finding.good("may trace QEMU (CAP_SYS_PTRACE)")
          : Finding.missing(
              "may not trace QEMU: CAP_SYS_PTRACE is missing",
              "run as root, or give the Java machine that capability (setcap, or"
                  + " AmbientCapabilities= of the service)");
    } catch (final LinuxException e) {
      return Finding.missing("capabilities: " + e.getMessage(), "mount /proc");
    }
  }

  private static Finding unprivilegedUserfaultfd() {
    return readNumber(UNPRIVILEGED).orElse(0L) == 1
        ? Finding.good("a QEMU without privileges may have a userfaultfd")
        : Finding.less(
            "only a QEMU with CAP_SYS_PTRACE may have a userfaultfd (such as one run by root)",
            "for others: sysctl vm.unprivileged_userfaultfd=1");
  }

  private static Finding sharedMemory() {
    try {
      final FileStore store = Files.getFileStore(SHM);
      final long freeMiB = store.getUsableSpace() >> 20;
      return freeMiB >= 256
          ? Finding.good("/dev/shm: " + freeMiB + " MiB free for guest RAM")
          : Finding.less(
              "/dev/shm: only " + freeMiB + " MiB free for guest RAM",
              "mount -o remount,size=... /dev/shm, or put RAM files on another tmpfs");
    } catch (final IOException e) {
      return Finding.less("/dev/shm: " + e, "mount a tmpfs for RAM files");
    }
  }

  private static Finding hugePages() {
    final long pages = readNumber(HUGE_PAGES).orElse(0L);
    return pages > 0
        ? Finding.good("huge pages: " + pages)
        : Finding.less(
            "huge pages: none, so guests must use pages of 4 KiB",
            "sysctl vm.nr_hugepages=N, if guests shall have RAM on hugetlbfs");
  }

  private static Finding qemu() {
    return QemuInstallation.system()
        .map(found -> Finding.good(found + " at " + found.binary()))
        .orElseGet(
            () ->
                Finding.less(
                    "no qemu-system-x86_64 on the search path",
                    "any QEMU from 7.2 on will do; name one with FARPAGE_QEMU for the demo"));
  }

  private static Finding kvm() {
    return Files.isReadable(Path.of("/dev/kvm"))
        ? Finding.good("/dev/kvm is there")
        : Finding.less("/dev/kvm is missing", "guests run under TCG, slowly");
  }

  private static Optional<Long> readNumber(final Path file) {
    try {
      return Optional.of(Long.parseLong(Files.readString(file).strip()));
    } catch (final IOException | NumberFormatException e) {
      return Optional.empty();
    }
  }
}
