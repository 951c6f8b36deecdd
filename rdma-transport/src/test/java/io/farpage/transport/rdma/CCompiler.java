package io.farpage.transport.rdma;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/** Compiles the C sources of the tests with the system's compiler and headers. */
final class CCompiler {
  private CCompiler() {}

  static Path compile(String name, Path directory, String... options)
      throws IOException, InterruptedException {
    Path source = directory.resolve(name + ".c");
    Path output = directory.resolve(name);
    try (InputStream text = CCompiler.class.getResourceAsStream(name + ".c")) {
      Files.copy(text, source, StandardCopyOption.REPLACE_EXISTING);
    }
    List<String> command = new ArrayList<>(List.of("cc", "-Wall", "-Werror"));
    command.addAll(List.of(options));
    command.addAll(List.of("-o", output.toString(), source.toString()));
    Process compiler = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (compiler.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + ": " + said);
    }
    return output;
  }
}
