package io.farpage;

/** The version of this program, for people. */
public final class FarpageVersion {
  /** As in the build. */
  public static final String VERSION = "0.1.0";

  private FarpageVersion() {}
}
