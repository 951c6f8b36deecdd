package io.farpage.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/** A C program among the resources of this package, built with this machine's compiler. */
final class NativeProgram {
  private final Path file;

  private NativeProgram(final Path file) {
    this.file = file;
  }

  /**
   * Builds a program.
   *
   * @param directory where to
   * @param name of the source, without its ending
   * @param headers of this package that it includes
   */
  static NativeProgram build(final Path directory, final String name, final String... headers)
      throws IOException {
    for (final String header : headers) {
      copy(header, directory);
    }
    final Path source = copy(name + ".c", directory);
    final Path output = directory.resolve(name);
    final Process compiler;
    try {
      compiler =
          new ProcessBuilder("gcc", "-O2", "-o", output.toString(), source.toString())
              .redirectErrorStream(true)
              .start();
    } catch (final IOException e) {
      throw new IOException("no gcc here, which the C reference needs: install gcc, libc6-dev", e);
    }
    compiler.getOutputStream().close();
    final String said =
        new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (compiler.onExit().join().exitValue() != 0) {
      throw new IOException("gcc cannot build " + name + ".c: " + said.strip());
    }
    return new NativeProgram(output);
  }

  private static Path copy(final String name, final Path directory) throws IOException {
    final Path file = directory.resolve(name);
    try (InputStream text = NativeProgram.class.getResourceAsStream(name)) {
      if (text == null) {
        throw new IllegalArgumentException("no " + name + " in this package");
      }
      Files.copy(text, file, StandardCopyOption.REPLACE_EXISTING);
    }
    return file;
  }

  /** Starts it. */
  NativeProcess start(final Object... arguments) throws IOException {
    return startUnder(List.of(), arguments);
  }

  /**
   * Starts it by another program that runs a command.
   *
   * @param wrapper that program and its arguments; may be empty
   */
  NativeProcess startUnder(final List<String> wrapper, final Object... arguments)
      throws IOException {
    final List<String> command = new ArrayList<>(wrapper);
    command.add(file.toString());
    for (final Object argument : arguments) {
      command.add(argument.toString());
    }
    return new NativeProcess(file.getFileName().toString(), command);
  }
}
