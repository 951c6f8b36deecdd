package io.farpage.migration;

import io.farpage.linux.LinuxException;
import io.farpage.linux.MemoryMapping;
import io.farpage.linux.RamFile;
import io.farpage.linux.ResidentMemory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The daemon's own memory, which must be at hand when a guest waits for a page. */
final class OwnMemory {
  private static final Logger LOG = LoggerFactory.getLogger(OwnMemory.class);

  private OwnMemory() {}

  /** Keeps it from being paged out, the guest's RAM excepted; where that may not be, says so. */
  static void lock(final RamFile[] guestRam) {
    try {
      final ResidentMemory.Outcome outcome =
          ResidentMemory.lock(mapping -> isOneOf(guestRam, mapping));
      if (outcome.refusedBytes() > outcome.lockedBytes()) {
        LOG.warn(
            "under memory pressure faults may be slow: this process may not lock its {} MiB; run it"
                + " as root, or with ulimit -l unlimited (LimitMEMLOCK= of a service)",
            outcome.refusedBytes() >> 20);
      }
      LOG.debug("{}", outcome);
    } catch (final LinuxException e) {
      LOG.warn("memory is not locked: {}", e.getMessage());
    }
  }

  private static boolean isOneOf(final RamFile[] files, final MemoryMapping mapping) {
    for (final RamFile file : files) {
      if (mapping.maps(file.devMajor(), file.devMinor(), file.inode())) {
        return true;
      }
    }
    return false;
  }
}
