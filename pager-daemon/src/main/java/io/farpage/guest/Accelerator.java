package io.farpage.guest;

import java.util.Locale;

/** What executes the guest's instructions. */
public enum Accelerator {
  /** QEMU's translator: runs anything, anywhere. */
  TCG,
  /** The processor. */
  KVM;

  /** The name that {@code -accel} takes. */
  public String qemuName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
