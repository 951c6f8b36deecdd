package io.farpage.lab;

import io.farpage.test.Needs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;

/**
 * Runs test classes in the lab, each test of them a dynamic test here.
 *
 * <p>Classes that can run nowhere else have {@code @Tag("lab")}. With two hosts they run on the
 * first, and {@link RemoteHost} is the second. With the system property {@code farpage.rdma.here}
 * they run on this machine, in a process of their own.
 */
public final class LabSuite {
  private static final String HERE = System.getProperty("farpage.rdma.here", "");
  private static final String HEAP = "-Xmx256m";

  private LabSuite() {}

  /**
   * Boots the lab once and runs the classes there; what is missing for that skips the caller.
   *
   * @throws AssertionError when the run does not come to its end
   */
  public static Stream<DynamicNode> run(Lab lab, Class<?>... classes) throws IOException {
    Lab place = place(lab);
    String names = Stream.of(classes).map(Class::getSimpleName).collect(Collectors.joining("+"));
    Path out =
        Path.of("target", "lab", lab.kernel() + "-" + lab.hosts() + "-" + names).toAbsolutePath();
    LabReport.delete(out);
    LabRun run = place.out(out).run(command(place, out, classes));

    List<LabReport> reports = LabReport.readAll(out);
    if (reports.isEmpty()) {
      throw new AssertionError(
          "no test came to an end in the lab, exit code " + run.exitCode() + says(run, out));
    }
    List<DynamicNode> tests = new ArrayList<>();
    boolean failed = false;
    for (LabReport report : reports) {
      tests.add(DynamicTest.dynamicTest(report.name(), () -> report.replay(out)));
      failed |= report.failure() != null;
    }
    if (run.exitCode() != 0 && !failed) {
      throw new AssertionError("exit code " + run.exitCode() + " in the lab" + says(run, out));
    }
    return tests.stream();
  }

  private static Lab place(Lab lab) {
    if (!HERE.isEmpty()) {
      if (lab.hosts() != 1) {
        Needs.missing("a second host: farpage.rdma.here is set");
      }
      return lab.here(HERE);
    }
    LabNeeds.lab(lab);
    return lab;
  }

  private static List<String> command(Lab place, Path out, Class<?>... classes) {
    List<String> command = new ArrayList<>();
    if (place.hosts() == 2) {
      command.add(Lab.script("with-remote-host").toString());
    }
    String options = System.getProperty("farpage.java.options");
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "@" + options,
            HEAP,
            "-Dfarpage.java.options=" + options,
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            InsideLab.class.getName(),
            LabReport.directory(out).toString()));
    for (Class<?> type : classes) {
      command.add(type.getName());
    }
    return command;
  }

  private static String says(LabRun run, Path out) {
    List<String> lines = (run.stdout() + run.stderr()).lines().toList();
    return lines.subList(Math.max(0, lines.size() - 60), lines.size()).stream()
        .collect(Collectors.joining("\n  ", ":\n  ", "\n(all of it is in " + out + ")"));
  }
}
