package io.farpage.cli;

import io.farpage.doctor.Doctor;
import io.farpage.doctor.Finding;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code farpage doctor}: what this host can do, what is missing, how to mend it. */
@Command(
    name = "doctor",
    description = "What this host can do, what is missing, and how to fix it.",
    mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
  @Override
  public Integer call() {
    final List<Finding> findings = new Doctor().examine();
    boolean able = true;
    for (final Finding finding : findings) {
      System.out.printf("%-5s %s%n", finding.grade().label(), finding.text());
      if (!finding.remedy().isEmpty()) {
        System.out.println("      " + finding.remedy());
      }
      able &= finding.grade() != Finding.Grade.MISSING;
    }
    System.out.println(able ? "this host can take part in a migration" : "this host cannot yet");
    return able ? 0 : 1;
  }
}
