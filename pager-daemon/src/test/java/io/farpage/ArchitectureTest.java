package io.farpage;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Who may know whom. */
@AnalyzeClasses(packages = "io.farpage", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String LINUX = "io.farpage.linux..";
  private static final String TRANSPORT = "io.farpage.transport..";
  private static final String PREFETCH = "io.farpage.prefetch..";

  private static final DescribedPredicate<JavaClass> OURS =
      JavaClass.Predicates.resideInAPackage("io.farpage..");

  @ArchTest
  static final ArchRule UFFD_NATIVE_KNOWS_NOTHING_OF_OURS =
      noClasses()
          .that()
          .resideInAPackage(LINUX)
          .should()
          .dependOnClassesThat(
              OURS.and(DescribedPredicate.not(JavaClass.Predicates.resideInAPackage(LINUX))));

  @ArchTest
  static final ArchRule THE_TRANSPORT_KNOWS_ONLY_UFFD_NATIVE =
      noClasses()
          .that()
          .resideInAPackage(TRANSPORT)
          .should()
          .dependOnClassesThat(
              OURS.and(
                  DescribedPredicate.not(
                      JavaClass.Predicates.resideInAnyPackage(TRANSPORT, LINUX))));

  @ArchTest
  static final ArchRule THE_PREFETCHER_KNOWS_NOTHING_OF_OURS =
      noClasses()
          .that()
          .resideInAPackage(PREFETCH)
          .should()
          .dependOnClassesThat(
              OURS.and(DescribedPredicate.not(JavaClass.Predicates.resideInAPackage(PREFETCH))));

  @ArchTest
  static final ArchRule THE_PREFETCHER_DOES_NO_INPUT_OR_OUTPUT =
      noClasses()
          .that()
          .resideInAPackage(PREFETCH)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "java.io..", "java.nio.channels..", "java.nio.file..", "java.net..", "java.time..");

  @ArchTest
  static final ArchRule THE_PREFETCHER_HAS_NO_THREAD_OF_ITS_OWN =
      noClasses()
          .that()
          .resideInAPackage(PREFETCH)
          .should()
          .dependOnClassesThat()
          .areAssignableTo(Thread.class)
          .orShould()
          .dependOnClassesThat()
          .resideInAPackage("java.util.concurrent");

  @ArchTest
  static final ArchRule THE_PREFETCHER_READS_NO_CLOCK =
      noClasses()
          .that()
          .resideInAPackage(PREFETCH)
          .should()
          .callMethod(System.class, "nanoTime")
          .orShould()
          .callMethod(System.class, "currentTimeMillis");

  @ArchTest
  static final ArchRule THE_HOT_PATH_KNOWS_NOTHING_ABOVE_IT =
      noClasses()
          .that()
          .resideInAPackage("io.farpage.pager..")
          .should()
          .dependOnClassesThat(
              OURS.and(
                  DescribedPredicate.not(
                      JavaClass.Predicates.resideInAnyPackage(
                          "io.farpage.pager..", PREFETCH, TRANSPORT, LINUX))));

  @ArchTest
  static final ArchRule DIRTY_TRACKING_KNOWS_A_VMM_AND_ITS_PAGES =
      noClasses()
          .that()
          .resideInAPackage("io.farpage.dirty..")
          .should()
          .dependOnClassesThat(
              OURS.and(
                  DescribedPredicate.not(
                      JavaClass.Predicates.resideInAnyPackage(
                          "io.farpage.dirty..", "io.farpage.vmm..", PREFETCH, TRANSPORT, LINUX))));

  @ArchTest
  static final ArchRule THE_HOT_PATH_DOES_NOT_LOG =
      noClasses()
          .that()
          .resideInAnyPackage("io.farpage.pager..", PREFETCH)
          .and()
          .doNotHaveSimpleName("Rehearsal") // it is over before the guest stops
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("org.slf4j..", "java.util.logging..")
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.lang.System$Logger")
          .orShould()
          .accessField(System.class, "out")
          .orShould()
          .accessField(System.class, "err");

  @ArchTest
  static final ArchRule THE_HOT_PATH_DOES_NOT_LOCK =
      noClasses()
          .that()
          .resideInAnyPackage("io.farpage.pager..", PREFETCH)
          .and()
          .doNotHaveSimpleName("Rehearsal") // it is over before the guest stops
          .should()
          .dependOnClassesThat()
          .resideInAPackage("java.util.concurrent.locks..");

  @ArchTest
  static final ArchRule PACKAGES_ARE_NAMED_FOR_WHAT_THEY_HOLD =
      noClasses()
          .should()
          .resideInAnyPackage(
              "..util..", "..utils..", "..common..", "..manager..", "..helper..", "..impl..");

  @ArchTest
  static final ArchRule THE_COMMAND_LINE_IS_THE_OUTERMOST =
      classes()
          .that()
          .resideInAPackage("io.farpage.cli..")
          .should()
          .onlyHaveDependentClassesThat()
          .resideInAnyPackage("io.farpage.cli..", "io.farpage.bench..", "io.farpage.lab..");

  @ArchTest
  static final ArchRule PACKAGES_DO_NOT_DEPEND_ON_EACH_OTHER_IN_CIRCLES =
      slices().matching("io.farpage.(*)..").should().beFreeOfCycles();

  @ArchTest
  static void everyPackageSaysWhatItHolds(final JavaClasses classes) {
    final Set<String> silent =
        classes.stream()
            .map(JavaClass::getPackage)
            .filter(each -> !each.getClasses().isEmpty() && each.tryGetPackageInfo().isEmpty())
            .map(each -> each.getName())
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(Set.of(), silent, "packages without package-info.java");
  }
}
