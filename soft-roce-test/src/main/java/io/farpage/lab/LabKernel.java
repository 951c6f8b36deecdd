package io.farpage.lab;

/** A kernel that the lab can boot. */
public enum LabKernel {
  /** Of Debian 12's backports. */
  V6_12("6.12"),
  /** Debian 12's own; it has neither {@code PAGEMAP_SCAN} nor asynchronous write protection. */
  V6_1("6.1");

  private final String series;

  LabKernel(String series) {
    this.series = series;
  }

  /** The first two numbers of its version, like {@code 6.12}. */
  @Override
  public String toString() {
    return series;
  }
}
