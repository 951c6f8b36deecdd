package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** On what perftest 6.06 printed. */
class PerftestOutputTest {
  @Test
  void latenciesAreFoundByTheNamesOfTheirColumns() throws IOException {
    final List<String> output = lines("ib_read_lat.txt");
    assertEquals(4096, PerftestOutput.value(output, "#bytes"));
    assertEquals(2000, PerftestOutput.value(output, "#iterations"));
    assertEquals(105.39, PerftestOutput.value(output, "t_min"));
    assertEquals(260.96, PerftestOutput.value(output, "t_typical"));
    assertEquals(525.84, PerftestOutput.value(output, "99%"));
    assertEquals(1133.46, PerftestOutput.value(output, "99.9%"));
  }

  @Test
  void ratesAreFoundByTheNamesOfTheirColumns() throws IOException {
    final List<String> output = lines("ib_read_bw.txt");
    assertEquals(0.61, PerftestOutput.value(output, "BW peak"));
    assertEquals(0.55, PerftestOutput.value(output, "BW average"));
    assertEquals(0.000066, PerftestOutput.value(output, "MsgRate"));
  }

  @Test
  void aWarningBetweenHeadingAndNumbersIsPassedOver() throws IOException {
    final List<String> output = new ArrayList<>(lines("ib_read_lat.txt"));
    output.add(output.size() - 2, "Conflicting CPU frequency values detected: 800.0 != 3400.0");
    assertEquals(260.96, PerftestOutput.value(output, "t_typical"));
  }

  @Test
  void aProgramThatFailedIsQuoted() throws IOException {
    final List<String> output = lines("refused.txt");
    final IOException e =
        assertThrows(IOException.class, () -> PerftestOutput.value(output, "t_typical"));
    assertTrue(e.getMessage().contains("Unable to open file descriptor"), e.getMessage());
    final IOException silent =
        assertThrows(IOException.class, () -> PerftestOutput.value(List.of(), "t_typical"));
    assertTrue(silent.getMessage().contains("no output"), silent.getMessage());
  }

  @Test
  void aColumnThatIsNotThereIsAnError() throws IOException {
    final List<String> output = lines("ib_read_bw.txt");
    final IOException e =
        assertThrows(IOException.class, () -> PerftestOutput.value(output, "t_typical"));
    assertTrue(e.getMessage().contains("no column t_typical"), e.getMessage());
  }

  @Test
  void aHeadingWithoutNumbersIsAnError() throws IOException {
    final List<String> output = lines("ib_read_bw.txt");
    final List<String> cut = output.subList(0, output.size() - 2);
    assertThrows(IOException.class, () -> PerftestOutput.value(cut, "BW average"));
    final List<String> torn = new ArrayList<>(cut);
    torn.add(" 1048576    200");
    final IOException e =
        assertThrows(IOException.class, () -> PerftestOutput.value(torn, "BW average"));
    assertTrue(e.getMessage().contains("does not fit"), e.getMessage());
  }

  private static List<String> lines(final String resource) throws IOException {
    try (InputStream in = PerftestOutputTest.class.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }
}
