package io.farpage.transport.rdma;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts another JVM like this one, for what can be done only once in a process. */
final class ChildJava {
  private ChildJava() {}

  /** Runs a main class; the arguments that begin with a dash are the JVM's. */
  static Process start(Class<?> main, String... arguments) throws IOException {
    return prepare(main, arguments).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  /** Prepares the same. */
  static ProcessBuilder prepare(Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("@" + System.getProperty("farpage.java.options"));
    for (String argument : arguments) {
      if (argument.startsWith("-")) {
        command.add(argument);
      }
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    for (String argument : arguments) {
      if (!argument.startsWith("-")) {
        command.add(argument);
      }
    }
    return new ProcessBuilder(command);
  }
}
