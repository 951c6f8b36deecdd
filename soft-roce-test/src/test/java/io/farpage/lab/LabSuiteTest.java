package io.farpage.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

/** What happens to tests in the lab happens to their images outside; for speed without a VM. */
@Tag("once")
class LabSuiteTest {
  private static final Lab PLACE = Lab.on(LabKernel.V6_12).here("192.0.2.1");

  @Tag("lab")
  static class Outcomes {
    @Test
    void passes() {
      assertEquals("192.0.2.1", System.getenv("FARPAGE_LAB_ADDRESS"));
    }

    @Test
    void fails() {
      fail("as it should");
    }

    @Test
    void isAborted() {
      abort("nothing to test");
    }

    @Test
    @Disabled("not today")
    void isDisabled() {}
  }

  @Tag("lab")
  static class BrokenSetup {
    @BeforeAll
    static void breaks() {
      throw new IllegalStateException("no setup");
    }

    @Test
    void neverRuns() {}
  }

  @Tag("lab")
  static class DyingProcess {
    @Test
    void dies() {
      Runtime.getRuntime().halt(5);
    }
  }

  @Test
  void failuresAndSkipsComeBackWithTheirReasons() throws IOException {
    Map<String, DynamicTest> tests =
        LabSuite.run(PLACE, Outcomes.class)
            .map(DynamicTest.class::cast)
            .collect(Collectors.toMap(DynamicTest::getDisplayName, test -> test));
    assertEquals(4, tests.size());
    assertEquals(null, outcome(tests.get("LabSuiteTest$Outcomes.passes()")));

    Throwable failure = outcome(tests.get("LabSuiteTest$Outcomes.fails()"));
    assertTrue(failure.getMessage().contains("as it should"), failure.getMessage());
    assertTrue(failure.getMessage().contains("LabSuiteTest.java"), failure.getMessage());

    assertSkipped("nothing to test", tests.get("LabSuiteTest$Outcomes.isAborted()"));
    assertSkipped("not today", tests.get("LabSuiteTest$Outcomes.isDisabled()"));
  }

  @Test
  void aSetupThatFailsIsNotOverlooked() throws IOException {
    assertThrows(
        AssertionError.class,
        () ->
            LabSuite.run(PLACE, BrokenSetup.class)
                .map(test -> outcome((DynamicTest) test))
                .filter(outcome -> outcome != null)
                .findFirst()
                .ifPresent(
                    outcome -> {
                      assertTrue(outcome.getMessage().contains("no setup"), outcome.getMessage());
                      throw new AssertionError(outcome);
                    }));
  }

  @Test
  void aProcessThatDiesIsReportedWithItsOutput() {
    AssertionError error =
        assertThrows(AssertionError.class, () -> LabSuite.run(PLACE, DyingProcess.class));
    assertTrue(error.getMessage().contains("exit code 5"), error.getMessage());
    assertTrue(error.getMessage().contains("STARTED dies()"), error.getMessage());
  }

  private static void assertSkipped(String reason, DynamicTest test) {
    Throwable outcome = outcome(test);
    Class<?> expected =
        "true".equals(System.getenv("CI")) ? AssertionError.class : TestAbortedException.class;
    assertEquals(expected, outcome.getClass());
    assertTrue(outcome.getMessage().contains(reason), outcome.getMessage());
  }

  private static Throwable outcome(DynamicTest test) {
    try {
      test.getExecutable().execute();
      return null;
    } catch (Throwable e) {
      return e;
    }
  }
}
