package io.farpage.vmm;

import java.nio.file.Path;

/**
 * One piece of guest RAM: a file that the VMM maps shared, as a whole, at one place.
 *
 * @param id the VMM's name for it, the same on the source and on the destination
 * @param path where this process can open the file. It can differ from what the VMM was told: the
 *     VMM may live in another mount namespace, and the file may have no name any more (then this
 *     leads through the VMM's descriptor table and ends with the VMM)
 * @param sizeBytes how much of the file is RAM, from offset 0; a multiple of the page size
 * @param pageSizeBytes the file system's unit of allocation: 4096, or 2 MiB on hugetlbfs
 * @param hostAddress where the VMM maps the file's offset 0, in its own address space
 */
public record RamRegion(
    String id, Path path, long sizeBytes, long pageSizeBytes, long hostAddress) {
  public RamRegion {
    if (sizeBytes <= 0 || pageSizeBytes <= 0 || sizeBytes % pageSizeBytes != 0) {
      throw new IllegalArgumentException(
          "RAM region " + id + ": " + sizeBytes + " bytes in pages of " + pageSizeBytes);
    }
  }

  /** The number of pages. */
  public long pageCount() {
    return sizeBytes / pageSizeBytes;
  }
}
