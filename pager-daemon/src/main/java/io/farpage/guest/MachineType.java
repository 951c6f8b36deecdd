package io.farpage.guest;

/** QEMU's machine types for x86, and where each splits RAM around the PCI hole below 4 GiB. */
public enum MachineType {
  PC("pc", 0xe000_0000L, 0xc000_0000L),
  Q35("q35", 0xb000_0000L, 0x8000_0000L);

  /** Guest physical address of the first byte of RAM above the PCI hole. */
  public static final long HIGH_RAM_START = 0x1_0000_0000L;

  private final String qemuName;
  private final long splitFromBytes;
  private final long splitAtBytes;

  MachineType(String qemuName, long splitFromBytes, long splitAtBytes) {
    this.qemuName = qemuName;
    this.splitFromBytes = splitFromBytes;
    this.splitAtBytes = splitAtBytes;
  }

  /** The name that {@code -machine} takes. */
  public String qemuName() {
    return qemuName;
  }

  /** How much of {@code ramBytes} lies below the PCI hole; the rest begins at 4 GiB. */
  public long lowRamBytes(long ramBytes) {
    return ramBytes >= splitFromBytes ? splitAtBytes : ramBytes;
  }
}
