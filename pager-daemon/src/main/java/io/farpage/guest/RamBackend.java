package io.farpage.guest;

import java.nio.file.Path;
import java.util.Objects;

/**
 * A file that holds a part of a guest's RAM: QEMU's {@code memory-backend-file}.
 *
 * @param id the QOM id
 * @param sizeBytes its size; the file may be shorter before QEMU has opened it
 * @param path on tmpfs or hugetlbfs
 */
public record RamBackend(String id, long sizeBytes, Path path) {
  public RamBackend {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(path, "path");
    if (sizeBytes <= 0 || sizeBytes % 4096 != 0) {
      throw new IllegalArgumentException("RAM of " + sizeBytes + " bytes: not a number of pages");
    }
  }
}
