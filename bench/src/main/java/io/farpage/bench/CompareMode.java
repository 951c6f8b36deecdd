package io.farpage.bench;

import java.util.Locale;

/** One way to move a guest, of those that are compared. */
enum CompareMode {
  QEMU_PRECOPY(QemuMode.PRECOPY, null, false),
  QEMU_POSTCOPY(QemuMode.POSTCOPY, null, false),
  QEMU_PREEMPT(QemuMode.PREEMPT, null, false),
  QEMU_RDMA(QemuMode.RDMA, null, true),
  FARPAGE_POSTCOPY(null, "postcopy", false),
  FARPAGE_HYBRID(null, "hybrid", false),
  FARPAGE_RDMA_POSTCOPY(null, "postcopy", true),
  FARPAGE_RDMA_HYBRID(null, "hybrid", true);

  private final QemuMode qemu;
  private final String farpage;
  private final boolean rdma;

  CompareMode(final QemuMode qemu, final String farpage, final boolean rdma) {
    this.qemu = qemu;
    this.farpage = farpage;
    this.rdma = rdma;
  }

  /** Returns its name on the command line and in reports. */
  String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Whether QEMU migrates by itself. */
  boolean isQemu() {
    return qemu != null;
  }

  /** Returns QEMU's mode, if QEMU migrates by itself. */
  QemuMode qemu() {
    return qemu;
  }

  /** Whether it needs an RDMA device. */
  boolean needsRdma() {
    return rdma;
  }

  /**
   * Returns the options of Farpage's daemons, if they migrate: nothing but the mode and transport.
   */
  DaemonOptions daemons() {
    return DaemonOptions.destination("--mode=" + farpage)
        .both("--transport=" + (rdma ? "rdma" : "tcp"));
  }
}
