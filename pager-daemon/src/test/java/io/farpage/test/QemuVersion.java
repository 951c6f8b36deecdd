package io.farpage.test;

import io.farpage.guest.QemuInstallation;

/** The QEMUs that a test runs with; a missing one is no reason to be silent. */
public enum QemuVersion {
  /** The system's. */
  SYSTEM,
  /** QEMU 10, beside it. */
  TEN;

  /** The installation; where there is none, the test is skipped loudly, or fails. */
  public QemuInstallation installation() {
    return this == SYSTEM ? Needs.qemu() : Needs.qemu10();
  }
}
