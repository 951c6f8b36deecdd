package io.farpage.lab;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;
import org.junit.platform.reporting.legacy.xml.LegacyXmlReportGeneratingListener;

/**
 * The part of {@link LabSuite} that runs in the lab: runs test classes, says what it does, and
 * leaves reports.
 *
 * <p>JUnit's own console launcher does this too, but takes seconds longer to start on an emulated
 * machine.
 */
final class InsideLab implements TestExecutionListener {
  private InsideLab() {}

  /** Arguments: the directory for the reports, and the names of the classes. */
  public static void main(String[] arguments) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(
                Arrays.stream(arguments).skip(1).map(DiscoverySelectors::selectClass).toList())
            .build();
    SummaryGeneratingListener summary = new SummaryGeneratingListener();
    PrintWriter errors = new PrintWriter(System.err, true);
    LauncherFactory.create()
        .execute(
            request,
            new InsideLab(),
            summary,
            new LegacyXmlReportGeneratingListener(Path.of(arguments[0]), errors));
    TestExecutionSummary result = summary.getSummary();
    result.printFailuresTo(errors, 200);
    result.printTo(new PrintWriter(System.out, true));
    System.exit(result.getTotalFailureCount() == 0 && result.getTestsFoundCount() > 0 ? 0 : 1);
  }

  @Override
  public void executionStarted(TestIdentifier test) {
    if (test.isTest()) {
      System.out.println("STARTED " + test.getDisplayName());
    }
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    if (test.isTest() || result.getStatus() != TestExecutionResult.Status.SUCCESSFUL) {
      System.out.println(result.getStatus() + " " + test.getDisplayName());
    }
  }

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    System.out.println("SKIPPED " + test.getDisplayName() + ": " + reason);
  }
}
