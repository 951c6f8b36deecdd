package io.farpage.vmm;

import com.fasterxml.jackson.databind.JsonNode;
import io.farpage.linux.LinuxException;
import io.farpage.linux.MemoryMapping;
import io.farpage.linux.RamFile;
import io.farpage.qmp.QmpClient;
import io.farpage.vmm.VmmException.Problem;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds a QEMU's RAM: each of its memory backends, the file behind it, and where QEMU's process
 * maps that file.
 *
 * <p>QEMU tells by QMP what it was given; the kernel tells by {@code /proc/PID/maps} what is so: a
 * file counts only when the process maps it, whatever its name leads to by now.
 */
final class QemuRam {
  /** What the kernel adds to the link of a file without a name. */
  private static final String DELETED = " (deleted)";

  private final QmpClient qmp;
  private final VmmProcess process;
  private final List<MemoryMapping> mappings;

  private QemuRam(QmpClient qmp, VmmProcess process) {
    this.qmp = qmp;
    this.process = process;
    this.mappings = process.mappings();
  }

  /**
   * Finds all RAM, by ascending id.
   *
   * @throws VmmException when there is RAM that cannot be moved
   */
  static List<RamRegion> find(QmpClient qmp, VmmProcess process) {
    return new QemuRam(qmp, process).regions();
  }

  private List<RamRegion> regions() {
    JsonNode backends = qmp.execute("query-memdev");
    JsonNode summary = qmp.execute("query-memory-size-summary");
    long ramBytes = summary.path("base-memory").asLong() + summary.path("plugged-memory").asLong(0);
    List<RamRegion> regions = new ArrayList<>();
    long backedBytes = 0;
    // All are judged by what QEMU says before the first file is looked for: the clearer message
    // wins.
    for (JsonNode backend : backends) {
      refuseUnlessSharedFile(backend);
      backedBytes += backend.path("size").asLong();
    }
    if (backedBytes < ramBytes) {
      throw new VmmException(
          Problem.RAM_HAS_NO_FILE,
          (ramBytes - backedBytes)
              + " of "
              + ramBytes
              + " bytes of guest RAM have no memory backend; start QEMU with "
              + fileOption("mem", ramBytes)
              + " -machine memory-backend=mem");
    }
    Map<Path, String> owners = new HashMap<>();
    for (JsonNode backend : backends) {
      RamRegion region = locate(backend);
      String other = owners.put(region.path(), region.id());
      if (other != null) {
        throw new VmmException(
            Problem.RAM_FILE_UNUSABLE,
            "RAM backends '"
                + other
                + "' and '"
                + region.id()
                + "' use the same file "
                + region.path()
                + "; give each its own mem-path");
      }
      regions.add(region);
    }
    regions.sort(Comparator.comparing(RamRegion::id));
    return List.copyOf(regions);
  }

  private void refuseUnlessSharedFile(JsonNode backend) {
    String id = backend.path("id").asText();
    long sizeBytes = backend.path("size").asLong();
    String type = property(id, "type").asText();
    String wanted = fileOption(id, sizeBytes);
    switch (type) {
      case "memory-backend-file" -> {
        if (!backend.path("share").asBoolean()) {
          throw new VmmException(
              Problem.RAM_NOT_SHARED,
              "guest RAM '"
                  + id
                  + "' is a private mapping of "
                  + property(id, "mem-path").asText()
                  + "; start QEMU with share=on: "
                  + useOf(id, wanted));
        }
      }
      case "memory-backend-memfd", "memory-backend-shm" ->
          throw new VmmException(
              Problem.RAM_IS_MEMFD,
              "guest RAM '"
                  + id
                  + "' is a file without a name ("
                  + type
                  + "), which QEMU would migrate itself; start QEMU with "
                  + useOf(id, wanted));
      case "memory-backend-ram" ->
          throw new VmmException(
              Problem.RAM_HAS_NO_FILE,
              "guest RAM '"
                  + id
                  + "' is anonymous memory ("
                  + type
                  + "); start QEMU with "
                  + useOf(id, wanted));
      default ->
          throw new VmmException(
              Problem.RAM_HAS_NO_FILE,
              "memory backend '"
                  + id
                  + "' is a "
                  + type
                  + ", which Farpage cannot move; start QEMU with "
                  + useOf(id, wanted));
    }
  }

  /**
   * The options in whole. A backend that no option names is QEMU's default RAM: there, the machine
   * has to be told too.
   */
  private String useOf(String id, String objectOption) {
    boolean given =
        process.arguments().stream()
            .filter(argument -> argument.contains("memory-backend-"))
            .anyMatch(
                argument -> argument.contains("id=" + id) || argument.contains('"' + id + '"'));
    if (given) {
      return objectOption;
    }
    return objectOption.replace("id=" + id + ",", "id=mem,") + " -machine memory-backend=mem";
  }

  private static String fileOption(String id, long sizeBytes) {
    String size = sizeBytes % (1 << 20) == 0 ? (sizeBytes >> 20) + "M" : (sizeBytes >> 10) + "K";
    return "-object memory-backend-file,id="
        + id
        + ",size="
        + size
        + ",mem-path=/dev/shm/NAME,share=on";
  }

  private RamRegion locate(JsonNode backend) {
    String id = backend.path("id").asText();
    String memPath = property(id, "mem-path").asText();
    if (optionalNumber(id, "offset") != 0) {
      throw unusable(id, memPath, "starts at an offset in its file; leave out offset=");
    }
    for (Path candidate : candidates(id, memPath)) {
      try (RamFile file = RamFile.open(candidate, false)) {
        List<MemoryMapping> mapped = mappingsOf(file);
        if (!mapped.isEmpty()) {
          return region(id, memPath, backend.path("size").asLong(), candidate, file, mapped);
        }
      } catch (LinuxException e) {
        // Not this way to the file; if there is no other, the message below says so.
        continue;
      }
    }
    throw unusable(
        id,
        memPath,
        "cannot be opened by Farpage as process "
            + process.pid()
            + " maps it; run Farpage as root");
  }

  private RamRegion region(
      String id,
      String memPath,
      long sizeBytes,
      Path path,
      RamFile file,
      List<MemoryMapping> mapped) {
    if (!file.isTmpfs() && !file.isHugetlbfs()) {
      throw unusable(
          id,
          memPath,
          "is on a file system that cannot report page faults; put it on tmpfs (/dev/shm) or hugetlbfs");
    }
    if (mapped.stream().anyMatch(mapping -> !mapping.isShared())) {
      throw new VmmException(
          Problem.RAM_NOT_SHARED,
          "guest RAM '"
              + id
              + "' is a private mapping of "
              + memPath
              + "; start QEMU with share=on: "
              + fileOption(id, sizeBytes));
    }
    MemoryMapping first = mapped.get(0);
    long pageSizeBytes = file.pageSizeBytes();
    // QEMU rounds a backend up to its page size too.
    long wholePagesBytes = (sizeBytes + pageSizeBytes - 1) / pageSizeBytes * pageSizeBytes;
    long contiguousBytes = 0;
    for (MemoryMapping mapping : mapped) {
      if (mapping.offset() != contiguousBytes
          || mapping.start() != first.start() + contiguousBytes) {
        throw unusable(
            id, memPath, "is mapped more than once, or in pieces, by process " + process.pid());
      }
      contiguousBytes += mapping.lengthBytes();
    }
    if (contiguousBytes < wholePagesBytes || file.sizeBytes() < wholePagesBytes) {
      throw unusable(id, memPath, "is shorter than the " + sizeBytes + " bytes that QEMU says");
    }
    return new RamRegion(id, path, wholePagesBytes, pageSizeBytes, first.start());
  }

  /** Ways to the file, the best first: by its name, then by QEMU's open descriptor. */
  private List<Path> candidates(String id, String memPath) {
    List<Path> paths = new ArrayList<>();
    paths.add(process.seenFromHere(memPath));
    process
        .descriptors()
        .forEach(
            (fd, target) -> {
              if (isRamFile(target, id, memPath)) {
                paths.add(process.descriptorPath(fd));
              }
            });
    return paths;
  }

  /**
   * Whether a descriptor's link can be the RAM file: it has the name given (deleted since, or
   * relative to a working directory that {@code -daemonize} has left), or the name that QEMU makes
   * up, and removes, in a mem-path that is a directory.
   */
  private static boolean isRamFile(String target, String id, String memPath) {
    String path =
        target.endsWith(DELETED) ? target.substring(0, target.length() - DELETED.length()) : target;
    String name = path.substring(path.lastIndexOf('/') + 1);
    return target.startsWith("/")
        && (path.equals(memPath)
            || (!memPath.startsWith("/") && path.endsWith("/" + memPath))
            || name.startsWith("qemu_back_mem." + id + ".")
            || name.startsWith("qemu_back_mem._objects_" + id + "."));
  }

  private List<MemoryMapping> mappingsOf(RamFile file) {
    return mappings.stream()
        .filter(mapping -> mapping.maps(file.devMajor(), file.devMinor(), file.inode()))
        .sorted(Comparator.comparingLong(MemoryMapping::start))
        .toList();
  }

  private JsonNode property(String id, String name) {
    return qmp.execute("qom-get", Map.of("path", "/objects/" + id, "property", name));
  }

  /** A property that not every version has; 0 without it. */
  private long optionalNumber(String id, String name) {
    for (JsonNode entry : qmp.execute("qom-list", Map.of("path", "/objects/" + id))) {
      if (entry.path("name").asText().equals(name)) {
        return property(id, name).asLong();
      }
    }
    return 0;
  }

  private static VmmException unusable(String id, String memPath, String why) {
    return new VmmException(
        Problem.RAM_FILE_UNUSABLE, "the RAM file " + memPath + " of backend '" + id + "' " + why);
  }
}
