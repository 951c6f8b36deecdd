package io.farpage.control;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrefaceTest {
  private static final byte[] KEY = HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f");

  @Test
  void itsBytesAreThoseThatOtherVersionsKnow() throws IOException {
    assertEquals(
        "4641525041474500" + "0001" + "01" + "00" + "00000000" + "000102030405060708090a0b0c0d0e0f",
        HexFormat.of().formatHex(bytes(new Preface(1, Preface.Purpose.DEMAND_LANE, KEY))));
  }

  @ParameterizedTest
  @EnumSource(Preface.Purpose.class)
  void whatIsWrittenIsRead(final Preface.Purpose purpose) throws IOException {
    final Preface read = read(bytes(new Preface(65535, purpose, KEY)));
    assertEquals(65535, read.version());
    assertEquals(purpose, read.purpose());
    assertArrayEquals(KEY, read.key());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 65535})
  void anotherVersionIsNamed(final int version) throws IOException {
    final Preface preface = read(bytes(new Preface(version, Preface.Purpose.CONTROL, KEY)));
    final String message =
        assertThrows(ProtocolException.class, () -> preface.requireVersion("source")).getMessage();
    assertTrue(
        message.contains("protocol version " + version + ", this side " + Preface.VERSION),
        message);
  }

  @ParameterizedTest
  @CsvSource({
    "474554202f20485454502f312e310d0a, is not Farpage",
    "160301020001000001, --tls-creds",
    "1503010002022a0000, --tls-creds",
    "46415250414745, before it said who it is",
    "'', before it said who it is",
    "4641525041474500000109, before it said who it is",
    "46415250414745000001090000000000000102030405060708090a0b0c0d0e0f, unknown kind 9"
  })
  void anythingElseIsToldApart(final String hex, final String words) {
    final String message =
        assertThrows(ProtocolException.class, () -> read(HexFormat.of().parseHex(hex)))
            .getMessage();
    assertTrue(message.contains(words), message);
  }

  private static Preface read(final byte[] bytes) throws IOException {
    return Preface.read(new ByteArrayInputStream(bytes));
  }

  private static byte[] bytes(final Preface preface) throws IOException {
    final ByteArrayOutputStream out = new ByteArrayOutputStream();
    preface.write(out);
    return out.toByteArray();
  }
}
