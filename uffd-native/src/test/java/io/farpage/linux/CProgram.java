package io.farpage.linux;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.TimeUnit;

/** Compiles the C programs of the tests with the system's compiler and headers. */
final class CProgram {
  private CProgram() {}

  static Path compile(String name, Path directory) throws IOException, InterruptedException {
    Path source = directory.resolve(name + ".c");
    Path program = directory.resolve(name);
    try (InputStream text = CProgram.class.getResourceAsStream(name + ".c")) {
      Files.copy(text, source, StandardCopyOption.REPLACE_EXISTING);
    }
    Process compiler =
        new ProcessBuilder(
                "cc",
                "-O1",
                "-Wall",
                "-Werror",
                "-pthread",
                "-o",
                program.toString(),
                source.toString())
            .redirectErrorStream(true)
            .start();
    String output =
        new String(
            compiler.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    if (!compiler.waitFor(60, TimeUnit.SECONDS) || compiler.exitValue() != 0) {
      throw new IOException("cc " + source + ": " + output);
    }
    return program;
  }
}
