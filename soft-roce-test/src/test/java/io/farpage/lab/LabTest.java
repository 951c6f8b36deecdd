package io.farpage.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The launcher of the lab, as it is seen from outside. */
@Tag("once")
class LabTest {
  @TempDir Path directory;

  private static Lab lab(LabKernel kernel) {
    Lab lab = Lab.on(kernel).timeout(Duration.ofMinutes(3));
    LabNeeds.lab(lab);
    return lab;
  }

  private static LabRun launch(String... arguments) throws IOException {
    return Lab.launch(builder(arguments));
  }

  private static ProcessBuilder builder(String... arguments) {
    List<String> command = new ArrayList<>(List.of(Lab.script("lab").toString()));
    command.addAll(Arrays.asList(arguments));
    return new ProcessBuilder(command);
  }

  /** The launcher with a script in place of QEMU. */
  private ProcessBuilder builderWithQemu(String script, String... arguments) throws IOException {
    LabNeeds.lab(Lab.on(LabKernel.V6_12));
    Path qemu = directory.resolve("qemu");
    Files.writeString(
        qemu,
        "#!/bin/sh\n"
            + "[ \"$1\" != --version ] || { echo 'emulator version 10.0.0'; exit; }\n"
            + script
            + "\n");
    assertTrue(qemu.toFile().setExecutable(true));
    ProcessBuilder builder = builder(arguments);
    builder.environment().put("FARPAGE_QEMU", qemu.toString());
    return builder;
  }

  private LabRun launchWithQemu(String script, String... arguments) throws IOException {
    return Lab.launch(builderWithQemu(script, arguments));
  }

  @ParameterizedTest
  @EnumSource
  void aCommandFindsItsKernelAndItsPlaceAndItsOutputsAndExitCodeComeBack(LabKernel kernel)
      throws IOException {
    Path out = directory.resolve("out");
    String script =
        "uname -r; pwd; echo $FARPAGE_LAB_HOST $FARPAGE_LAB_ADDRESS \"$1\"; echo kept >"
            + " $FARPAGE_LAB_OUT/file; ls /dev/infiniband; ulimit -l; java -version; exit 7";
    LabRun run = lab(kernel).out(out).run(List.of("sh", "-c", script, "sh", "a  'b"));
    assertEquals(7, run.exitCode(), run.stderr());
    List<String> lines = run.stdout().lines().toList();
    assertTrue(lines.get(0).startsWith(kernel + "."), run.stdout());
    assertEquals(Path.of("").toAbsolutePath().toString(), lines.get(1));
    assertEquals("1 10.99.0.1 a  'b", lines.get(2));
    assertEquals(List.of("rdma_cm", "uverbs0", "unlimited"), lines.subList(3, 6));
    assertTrue(run.stderr().contains("Runtime Environment"), run.stderr());
    assertEquals("kept\n", Files.readString(out.resolve("file")));
    assertEquals(run.stdout(), Files.readString(out.resolve("host1/stdout")));
  }

  @Test
  void twoHostsRunTheCommandAtOnceAndSeeEachOther() throws IOException {
    String script =
        "echo $FARPAGE_LAB_ADDRESS $FARPAGE_LAB_PEER; touch $FARPAGE_LAB_SHARED/$FARPAGE_LAB_HOST;"
            + " until [ -e $FARPAGE_LAB_SHARED/$((3 - FARPAGE_LAB_HOST)) ]; do sleep 0.05; done;"
            + " exit $((FARPAGE_LAB_HOST * 2 - 2))";
    LabRun run = lab(LabKernel.V6_12).hosts(2).run(List.of("sh", "-c", script));
    assertEquals(2, run.exitCode(), run.stderr());
    assertEquals(
        List.of("1| 10.99.0.1 10.99.0.2", "2| 10.99.0.2 10.99.0.1"),
        run.stdout().lines().sorted().toList());
  }

  @Test
  void whatIsWrittenInsideDoesNotReachThisMachine() throws IOException {
    Path file = directory.resolve("file");
    Files.writeString(file, "before");
    LabRun run =
        lab(LabKernel.V6_12)
            .run(
                List.of(
                    "bash",
                    "-c",
                    "echo after >\"$0\" && ip netns add a && ip link add v0 type veth peer v1 netns a"
                        + " && ip tuntap add t0 mode tap && modprobe sch_netem && cat \"$0\"",
                    file.toString()));
    assertEquals(new LabRun(0, "after\n", ""), run);
    assertEquals("before", Files.readString(file));
  }

  @Test
  void aKernelThatPanicsIsReportedWithItsLastWords() throws IOException {
    LabRun run =
        lab(LabKernel.V6_12).run(List.of("sh", "-c", "echo c >/proc/sysrq-trigger; sleep 100"));
    assertEquals(Lab.FAILED, run.exitCode());
    assertTrue(run.stderr().startsWith("lab: host 1 died\n"), run.stderr());
    assertTrue(run.stderr().contains("Kernel panic"), run.stderr());
  }

  @Test
  void aVmThatDoesNotStartIsReportedWithTheReason() throws IOException {
    LabRun run = launchWithQemu("echo 'no such accelerator' >&2; exit 1", "true");
    assertEquals(
        new LabRun(Lab.FAILED, "", "lab: host 1 did not come up\n  no such accelerator\n"), run);
  }

  @Test
  void aVmThatHangsIsEnded() throws IOException {
    LabRun run = launchWithQemu("echo stuck >console; exec sleep 1000", "--timeout", "1", "true");
    assertEquals(
        new LabRun(Lab.FAILED, "", "lab: host 1 did not come up within 1 s\n  stuck\n"), run);
  }

  @Test
  void aCommandThatTakesTooLongIsEnded() throws IOException {
    Path pid = directory.resolve("pid");
    LabRun run =
        launchWithQemu("touch up; echo $$ >" + pid + "; exec sleep 1000", "--timeout", "1", "true");
    assertEquals(
        new LabRun(Lab.TIMED_OUT, "", "lab: host 1: the command took longer than 1 s\n"), run);
    assertFalse(ProcessHandle.of(Long.parseLong(Files.readString(pid).strip())).isPresent());
  }

  @Test
  void aLauncherThatIsEndedEndsItsVmAndRemovesItsFiles() throws Exception {
    for (String signal : List.of("TERM", "INT", "KILL")) {
      Path pid = directory.resolve(signal);
      Path scratch = Files.createDirectory(directory.resolve("scratch-" + signal));
      ProcessBuilder builder =
          builderWithQemu(
              "echo $$ >" + pid + ".new; mv " + pid + ".new " + pid + "; exec sleep 1000", "true");
      builder.environment().put("TMPDIR", scratch.toString());
      Process launcher = builder.start();
      while (!Files.exists(pid)) {
        Thread.sleep(10);
      }
      Optional<ProcessHandle> vm = ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()));
      new ProcessBuilder("kill", "-s", signal, Long.toString(launcher.pid())).start().waitFor();
      launcher.waitFor();
      if (vm.isPresent()) {
        vm.get().onExit().get(10, TimeUnit.SECONDS);
      }
      try (Stream<Path> left = Files.list(scratch)) {
        assertEquals(signal.equals("KILL") ? 1 : 0, left.count(), signal);
      }
    }
  }

  @Test
  void onThisMachineACommandRunsAsItIs() throws IOException {
    LabRun run =
        launch("--here", "192.0.2.1", "--", "sh", "-c", "echo $FARPAGE_LAB_ADDRESS; exit 3");
    assertEquals(new LabRun(3, "192.0.2.1\n", ""), run);
    LabRun slow = launch("--here", "192.0.2.1", "--timeout", "1", "sleep", "100");
    assertEquals(Lab.TIMED_OUT, slow.exitCode());
    assertEquals("lab: the command took longer than 1 s\n", slow.stderr());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "--kernel 5 true",
        "--hosts 3 true",
        "--memory much true",
        "--cpus 0 true",
        "--timeout soon true",
        "--here 192.0.2.1 --hosts 2 true",
        "--unknown value true",
        "--kernel"
      })
  void wrongUsageIsOneLine(String arguments) throws IOException {
    LabRun run = launch(arguments.isEmpty() ? new String[0] : arguments.split(" "));
    assertEquals(2, run.exitCode());
    assertEquals(1, run.stderr().lines().count(), run.stderr());
  }
}
