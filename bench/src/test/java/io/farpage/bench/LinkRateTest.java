package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class LinkRateTest {
  @Test
  void bitsBecomeBytes() {
    assertEquals(125_000_000, new LinkRate().convert("1Gbit"));
    assertEquals(12_500_000, new LinkRate().convert("100mbit"));
    assertEquals(1_000, new LinkRate().convert("8kbit"));
    assertEquals(1, new LinkRate().convert("8bit"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1G", "0Gbit", "-1Gbit", "1.5Gbit", "1Tbit", "1 Gbit"})
  void anythingElseIsRefused(final String text) {
    assertThrows(TypeConversionException.class, () -> new LinkRate().convert(text));
  }
}
