package io.farpage.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class JournalTest {
  private static final int PAGES = 100_000;
  private static final JournalHeader HEADER =
      new JournalHeader(
          new UUID(1, 2),
          "höst:4444",
          4711,
          List.of(23, 29, 24),
          List.of(
              new JournalHeader.Region("mem0", "/dev/shm/ä", (PAGES - 3) * 4096L, 4096, 0x7f00L),
              new JournalHeader.Region("mem1", "/huge/b", 3L << 21, 2 << 20, 0x7f0000000000L)));

  @TempDir private Path directory;
  private Path file;

  @BeforeEach
  void nameTheFile() {
    file = Journal.fileFor(directory, 4711);
  }

  @Test
  void whatWasWrittenIsReadAgain() throws IOException {
    try (Journal journal = Journal.create(file, HEADER)) {
      journal.state(5);
      journal.received().set(0);
      journal.received().setRange(1000, 77);
      journal.received().set(PAGES - 1);
    }
    try (Journal journal = Journal.open(file)) {
      assertEquals(HEADER, journal.header());
      assertEquals(5, journal.state());
      assertEquals(PAGES, journal.received().pageCount());
      assertEquals(79, journal.received().count());
      assertTrue(journal.received().get(PAGES - 1));
      journal.delete();
    }
    assertTrue(Files.notExists(file));
  }

  @Test
  void anInterruptedMigrationIsNotOverwritten() throws IOException {
    Journal.create(file, HEADER).close();
    final String message =
        assertThrows(JournalException.class, () -> Journal.create(file, HEADER)).getMessage();
    assertTrue(message.contains(file + " exists") && message.contains("--resume"), message);
    try (Journal journal = Journal.open(file)) {
      assertEquals(HEADER, journal.header());
    }
    try (var left = Files.list(directory)) {
      assertEquals(List.of(file), left.toList());
    }
  }

  @Test
  void aDraftThatWasNeverFinishedIsReplaced() throws IOException {
    Files.writeString(file.resolveSibling(file.getFileName() + ".new"), "half");
    Journal.create(file, HEADER).close();
    Journal.open(file).close();
  }

  @Test
  void withoutAJournalThereIsNothingToResume() {
    assertTrue(
        assertThrows(JournalException.class, () -> Journal.open(file))
            .getMessage()
            .contains("nothing to resume"));
  }

  @ParameterizedTest
  @CsvSource({
    "0, no journal", // magic
    "8, layout version", // version
    "16, damaged", // pages
    "24, damaged", // where the bits start
    "68, damaged", // number of userfaultfds, after id, source and pid
    "84, damaged" // number of regions, after three of them
  })
  void damageIsFound(final int offset, final String words) throws IOException {
    Journal.create(file, HEADER).close();
    final int at = offset >= 68 ? offset - 68 + 32 + 16 + 1 + 10 + 4 : offset;
    try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
      raw.seek(at);
      raw.write(new byte[] {(byte) 0xff, (byte) 0xff, (byte) 0xff, 0x7f});
    }
    final String message =
        assertThrows(JournalException.class, () -> Journal.open(file)).getMessage();
    assertTrue(message.contains(words), message);
  }

  @Test
  void anOlderLayoutIsRefusedWithWhatToDo() throws IOException {
    Journal.create(file, HEADER).close();
    try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
      raw.seek(8);
      raw.write(1);
    }
    final String message =
        assertThrows(JournalException.class, () -> Journal.open(file)).getMessage();
    assertTrue(message.contains("layout version 1; this program reads 2"), message);
    assertTrue(message.contains("the version of Farpage that began it"), message);
  }

  @ParameterizedTest
  @CsvSource({"0", "31", "32", "100", "4096"})
  void aFileCutShortIsDamage(final long length) throws IOException {
    Journal.create(file, HEADER).close();
    try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
      raw.setLength(length);
    }
    assertThrows(JournalException.class, () -> Journal.open(file));
  }

  @Test
  void everyBitSetBeforeAKillIsThere() throws Exception {
    final Process writer =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + System.getProperty("farpage.java.options"),
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                Writer.class.getName(),
                file.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    long told = -1;
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(writer.getInputStream(), StandardCharsets.US_ASCII))) {
      while (told < 20_000) {
        told = Long.parseLong(out.readLine());
      }
    } finally {
      writer.destroyForcibly().waitFor();
    }
    try (Journal journal = Journal.open(file)) {
      final long count = journal.received().count();
      assertTrue(count > told, count + " bits, told of " + told);
      for (long page = 0; page < count; page++) {
        assertTrue(journal.received().get(page), "page " + page);
      }
      assertFalse(count < PAGES && journal.received().get(count));
      assertEquals(9, journal.state());
    }
  }

  /** Sets one bit after the other, and tells of each, until it is killed. */
  static final class Writer {
    private Writer() {}

    public static void main(final String[] arguments) throws Exception {
      try (Journal journal = Journal.create(Path.of(arguments[0]), HEADER)) {
        journal.state(9);
        for (long page = 0; page < PAGES; page++) {
          journal.received().set(page);
          System.out.println(page);
        }
        Thread.sleep(Long.MAX_VALUE);
      }
    }
  }
}
