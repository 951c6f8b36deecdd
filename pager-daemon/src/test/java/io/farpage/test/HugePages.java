package io.farpage.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reserves huge pages of 2 MiB until the end of this process. */
final class HugePages {
  private static final Path POOL = Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB");
  private static final Path RESERVED = POOL.resolve("nr_hugepages");

  private static Path mountPoint;
  private static long reservedBefore = -1;

  private HugePages() {}

  static synchronized Path reserve(int count) throws IOException {
    if (!Files.isReadable(RESERVED)) {
      throw new IOException("the kernel has no huge pages of 2 MiB");
    }
    long free = number(POOL.resolve("free_hugepages"));
    if (free < count) {
      long reserved = number(RESERVED);
      if (reservedBefore < 0) {
        reservedBefore = reserved;
        Runtime.getRuntime().addShutdownHook(new Thread(HugePages::restore));
      }
      Files.writeString(RESERVED, Long.toString(reserved + count - free));
      free = number(POOL.resolve("free_hugepages"));
    }
    if (free < count) {
      throw new IOException("only " + free + " are free (set " + RESERVED + ")");
    }
    if (mountPoint == null) {
      mountPoint = mount();
    }
    return mountPoint;
  }

  private static Path mount() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/mounts"))) {
      String[] fields = line.split(" ");
      if (fields[2].equals("hugetlbfs") && fields[3].contains("pagesize=2M")) {
        return Path.of(fields[1]);
      }
    }
    Path directory = Files.createTempDirectory("farpage-huge-");
    try {
      run("mount", "-t", "hugetlbfs", "-o", "pagesize=2M", "none", directory.toString());
    } catch (IOException e) {
      Files.delete(directory);
      throw new IOException("no hugetlbfs is mounted, and mounting one failed", e);
    }
    Runtime.getRuntime().addShutdownHook(new Thread(() -> unmount(directory)));
    return directory;
  }

  private static void unmount(Path directory) {
    try {
      run("umount", directory.toString());
      Files.delete(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void restore() {
    try {
      Files.writeString(RESERVED, Long.toString(reservedBefore));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long number(Path file) throws IOException {
    return Long.parseLong(Files.readString(file).strip());
  }

  private static void run(String... command) throws IOException {
    try {
      int status = new ProcessBuilder(command).inheritIO().start().waitFor();
      if (status != 0) {
        throw new IOException(String.join(" ", command) + ": exit " + status);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }
}
