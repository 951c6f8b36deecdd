package io.farpage.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointTest {
  @ParameterizedTest
  @CsvSource({
    "127.0.0.1:0, 127.0.0.1, 0",
    "host.example:65535, host.example, 65535",
    "[::1]:4444, ::1, 4444",
    "[fe80::1%eth0]:1, fe80::1%eth0, 1"
  })
  void hostAndPortAreReadAndWrittenAlike(final String text, final String host, final int port) {
    final Endpoint endpoint = Endpoint.parse(text);
    assertEquals(new Endpoint(host, port), endpoint);
    assertEquals(text, endpoint.toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        ":1",
        "host",
        "host:",
        "host:x",
        "host:-1",
        "host:65536",
        "host:99999999999",
        "::1:4444",
        "[]:1",
        "host: 1"
      })
  void anythingElseIsRefusedInWords(final String text) {
    final String message =
        assertThrows(IllegalArgumentException.class, () -> Endpoint.parse(text)).getMessage();
    assertTrue(message.contains("'" + text + "'"), message);
  }

  @Test
  void aHostThatIsNotThereIsRefused() {
    final MigrationException e =
        assertThrows(
            MigrationException.class, () -> new Endpoint("no-such-host.invalid", 1).resolve());
    assertEquals(Outcome.REFUSED, e.outcome());
  }
}
