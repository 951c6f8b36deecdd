package io.farpage.transport.rdma;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the library comes from. A process loads it once, so each test has a process of its own. */
class DisniLibraryTest {
  @TempDir private Path directory;

  /** What the child says on both its outputs. */
  private static List<String> load(String... options) throws Exception {
    ProcessBuilder child = ChildJava.prepare(LoadDisni.class, options).redirectErrorStream(true);
    return finish(child);
  }

  private static List<String> finish(ProcessBuilder child) throws Exception {
    Process process = child.start();
    List<String> lines =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
            .lines()
            .toList();
    assertEquals(0, process.waitFor(), lines::toString);
    return lines;
  }

  private static String named(Path file) {
    return "-D" + DisniLibrary.PROPERTY + "=" + file;
  }

  private static Path classes() throws Exception {
    return Path.of(DisniLibrary.class.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  private static Path bundled() throws Exception {
    try (Stream<Path> files = Files.walk(classes())) {
      return files
          .filter(file -> file.endsWith("libdisni.so"))
          .filter(file -> file.toString().contains(processor()))
          .findFirst()
          .orElseThrow();
    }
  }

  private static String processor() {
    String processor = System.getProperty("os.arch");
    return processor.equals("amd64") ? "linux-x86_64" : "linux-" + processor;
  }

  private Path foreign(int version) throws Exception {
    String jdk = System.getProperty("java.home");
    return CCompiler.compile(
        "foreign",
        directory,
        "-shared",
        "-fPIC",
        "-DVERSION=" + version,
        "-I" + jdk + "/include",
        "-I" + jdk + "/include/linux");
  }

  @Test
  void comesWithTheClassesAndPrintsNothing() throws Exception {
    assertEquals(List.of("libdisni from " + bundled(), "version 32", "0 objects"), load());
  }

  @Test
  void comesOutOfAJar() throws Exception {
    Path jar = directory.resolve("transport.jar");
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file);
        Stream<Path> walk = Files.walk(classes())) {
      for (Path entry : walk.filter(Files::isRegularFile).toList()) {
        out.putNextEntry(new JarEntry(classes().relativize(entry).toString()));
        Files.copy(entry, out);
      }
    }
    String classPath = System.getProperty("java.class.path");
    ProcessBuilder child = ChildJava.prepare(LoadDisni.class).redirectErrorStream(true);
    child.command().replaceAll(word -> word.equals(classPath) ? jar + ":" + classPath : word);
    assertEquals(
        List.of(
            "libdisni from jar:file:"
                + jar
                + "!/io/farpage/transport/rdma/"
                + processor()
                + "/libdisni.so",
            "version 32",
            "0 objects"),
        finish(child));
  }

  @Test
  void anotherOfTheSameKindIsUsedInItsPlace() throws Exception {
    Path copy = Files.copy(bundled(), directory.resolve("libdisni.so"));
    assertEquals(List.of("libdisni from " + copy, "version 32", "0 objects"), load(named(copy)));
  }

  @Test
  void foreignLibraryLacksTheExtras() throws Exception {
    Path foreign = foreign(32);
    String lacks =
        "libdisni from " + foreign + ", which cannot tell descriptors, device limits and causes";
    assertEquals(
        List.of(lacks, "version 32", lacks + "; this needs the libdisni that comes with Farpage"),
        load(named(foreign)));
  }

  @Test
  void foreignLibraryOfAnotherVersionIsRefused() throws Exception {
    Path foreign = foreign(31);
    List<String> lines = load(named(foreign));
    assertEquals(1, lines.size(), lines::toString);
    assertTrue(
        lines.get(0).startsWith("no RDMA: " + foreign + " does not fit DiSNI: "), lines::toString);
    assertTrue(lines.get(0).contains("31"), lines::toString);
  }

  @Test
  void fileThatIsNoLibraryIsRefused() throws Exception {
    Path absent = directory.resolve("absent.so");
    assertEquals(
        List.of("no RDMA: farpage.libdisni names " + absent + ", which cannot be read"),
        load(named(absent)));
    Path text = Files.writeString(directory.resolve("text.so"), "not a library");
    assertEquals(
        List.of("no RDMA: " + text + " cannot be loaded: file too short"), load(named(text)));
  }

  @Test
  void jvmWithoutTheExportIsToldTheOption() throws Exception {
    ProcessBuilder child = ChildJava.prepare(LoadDisni.class).redirectErrorStream(true);
    List<String> command = new ArrayList<>(child.command());
    command.removeIf(word -> word.startsWith("@"));
    command.add(1, "--enable-native-access=ALL-UNNAMED");
    List<String> lines = finish(child.command(command));
    assertTrue(
        lines.contains(
            "no RDMA: this JVM needs the option --add-exports java.base/sun.nio.ch=ALL-UNNAMED"),
        lines::toString);
  }

  @Test
  void hostWithoutTheVerbsIsToldThePackages() {
    UnsatisfiedLinkError error =
        new UnsatisfiedLinkError(
            "Unable to load library '/x/libdisni.so':\n"
                + "libibverbs.so.1: cannot open shared object file: No such file or directory");
    assertEquals(
        "no RDMA: libibverbs.so.1 is not installed"
            + " (Debian packages: libibverbs1 librdmacm1 ibverbs-providers)",
        DisniLibrary.failure("/x/libdisni.so", error).getMessage());
  }
}
