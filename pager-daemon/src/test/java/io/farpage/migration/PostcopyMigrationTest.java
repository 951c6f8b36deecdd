package io.farpage.migration;

import static io.farpage.migration.MigrationLab.MIB;

import io.farpage.guest.Accelerator;
import io.farpage.guest.MachineType;
import io.farpage.guest.WritePattern;
import io.farpage.guest.WriterGuest;
import io.farpage.test.Needs;
import io.farpage.test.QemuVersion;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Guests that write all the time, moved between real QEMUs. */
@Tag("once")
class PostcopyMigrationTest {
  private static WriterGuest writer(final WritePattern pattern, final int sizeMib) {
    return WriterGuest.builder(MachineType.PC, (long) sizeMib * MIB)
        .pattern(pattern)
        .stepsPerDot(1 << 14)
        .build();
  }

  /** Every pattern in one QEMU, and one in the others. */
  static Stream<Arguments> patternsAndQemus() {
    return Stream.of(QemuVersion.values())
        .flatMap(
            version ->
                Stream.of(WritePattern.values())
                    .filter(p -> version.ordinal() == 0 || p == WritePattern.RANDOM)
                    .map(pattern -> Arguments.of(version, pattern)));
  }

  @ParameterizedTest
  @MethodSource("patternsAndQemus")
  void noWriteIsLostWhateverThePattern(final QemuVersion version, final WritePattern pattern)
      throws Exception {
    final WriterGuest guest = writer(pattern, 128);
    try (MigrationLab lab = MigrationLab.open(version)) {
      final Vm source = lab.source(guest, lab.memory(128, "a"));
      final Vm destination = lab.destination(guest, lab.memory(128, "b"));
      lab.migrate(source, destination);
      if (pattern != WritePattern.IDLE) {
        destination.requireWriting();
      }
      destination.verify();
    }
  }

  @ParameterizedTest
  @EnumSource(QemuVersion.class)
  void noWriteIsLostUnderKvm(final QemuVersion version) throws Exception {
    Needs.kvm();
    final WriterGuest guest = writer(WritePattern.RANDOM, 64);
    try (MigrationLab lab = MigrationLab.open(version)) {
      final Vm source =
          lab.source(guest, lab.memory(64, "a").andThen(b -> b.accelerator(Accelerator.KVM)));
      final Vm destination =
          lab.destination(guest, lab.memory(64, "b").andThen(b -> b.accelerator(Accelerator.KVM)));
      lab.migrate(source, destination);
      destination.verify();
    }
  }
}
