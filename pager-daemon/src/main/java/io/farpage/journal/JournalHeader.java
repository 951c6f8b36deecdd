package io.farpage.journal;

import java.util.List;
import java.util.UUID;

/**
 * What a journal says of its migration, fixed from its creation.
 *
 * @param migrationId chosen by the source
 * @param source where the source listens, as {@code host:port}
 * @param vmmPid the destination VMM's process
 * @param vmmUserfaultfds the numbers that the userfaultfds have in that process, in the order of
 *     the demand agents; from how many there are follows which part of the RAM each has. None on a
 *     source
 * @param regions the guest's RAM, in order
 */
public record JournalHeader(
    UUID migrationId,
    String source,
    int vmmPid,
    List<Integer> vmmUserfaultfds,
    List<Region> regions) {

  /** Copies the lists. */
  public JournalHeader {
    vmmUserfaultfds = List.copyOf(vmmUserfaultfds);
    regions = List.copyOf(regions);
  }

  /**
   * One region of guest RAM.
   *
   * @param id the VMM's name for it
   * @param path its RAM file
   * @param sizeBytes its size
   * @param pageSizeBytes its page size
   * @param hostAddress where the VMM maps it
   */
  public record Region(
      String id, String path, long sizeBytes, long pageSizeBytes, long hostAddress) {}

  /** Returns the number of pages of all regions. */
  public long pageCount() {
    return regions.stream().mapToLong(r -> r.sizeBytes() / r.pageSizeBytes()).sum();
  }
}
