package io.farpage.lab;

import io.farpage.test.Needs;
import java.io.IOException;

/** What a test needs to boot the lab: see {@link Needs}. */
final class LabNeeds {
  private LabNeeds() {}

  /** All of it, fetched if need be. */
  static void lab(Lab lab) {
    try {
      lab.prepare();
    } catch (IOException e) {
      Needs.missing("what the lab needs: " + e.getMessage());
    }
  }
}
