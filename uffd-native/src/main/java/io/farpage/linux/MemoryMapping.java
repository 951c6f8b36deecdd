package io.farpage.linux;

/**
 * One line of {@code /proc/PID/maps}.
 *
 * @param start the first byte
 * @param end the first byte behind it
 * @param permissions for example {@code rw-s}
 * @param offset the offset in the file, in bytes
 * @param devMajor the file's device
 * @param devMinor the file's device
 * @param inode the file's inode, 0 for anonymous memory
 * @param path the file's name, a pseudo-name like {@code [heap]}, or empty
 */
public record MemoryMapping(
    long start,
    long end,
    String permissions,
    long offset,
    int devMajor,
    int devMinor,
    long inode,
    String path) {

  /** Its length in bytes. */
  public long lengthBytes() {
    return end - start;
  }

  /** Whether writes reach the file and others who map it. */
  public boolean isShared() {
    return permissions.charAt(3) == 's';
  }

  /** Whether instructions can be executed there. */
  public boolean isExecutable() {
    return permissions.charAt(2) == 'x';
  }

  /** Whether it maps the file of that device and inode. */
  public boolean maps(int major, int minor, long fileInode) {
    return devMajor == major && devMinor == minor && inode == fileInode;
  }
}
