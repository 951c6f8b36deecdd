package io.farpage.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TcpStreamTest {
  @Test
  void everyByteArrivesAndNothingIsLeft() throws IOException {
    try (Testbed testbed = Testbed.open()) {
      final TcpStream stream = new TcpStream(testbed, Host.HERE, Host.HERE, 5 << 20);
      assertTrue(stream.bytesPerSecond() > 0);
      assertTrue(stream.bytesPerSecond() > 0);
      try (Stream<Path> files = Files.walk(testbed.directory())) {
        assertEquals(
            List.of("floor.h", "stream", "stream.c"),
            files
                .filter(Files::isRegularFile)
                .map(file -> file.getFileName().toString())
                .sorted()
                .toList());
      }
    }
  }
}
