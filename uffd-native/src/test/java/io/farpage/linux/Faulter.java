package io.farpage.linux;

import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A process that maps a RAM file of holes and touches it as it is told, and this process's own
 * mapping of the file.
 */
final class Faulter implements AutoCloseable {
  private final Path path;
  private final RamFile file;
  private final ByteBuffer alias;
  private final ChildProcess child;
  private final long address;

  /**
   * Starts the process.
   *
   * @param tracee the compiled program
   * @param sizeBytes the length of the file
   */
  Faulter(Path tracee, long sizeBytes) throws Exception {
    path = Files.createTempFile(Path.of("/dev/shm"), "farpage-test", ".ram");
    try (SeekableByteChannel channel = Files.newByteChannel(path, StandardOpenOption.WRITE)) {
      channel.position(sizeBytes - 1).write(ByteBuffer.wrap(new byte[1]));
    }
    file = RamFile.open(path, true);
    file.punchHole(0, file.sizeBytes());
    alias = new Pointer(file.map()).getByteBuffer(0, file.sizeBytes());
    child = ChildProcess.startTracee(tracee, "faulter", path);
    address = Long.parseUnsignedLong(child.readLine());
  }

  Path path() {
    return path;
  }

  RamFile file() {
    return file;
  }

  /** The file's content, as this process sees it. */
  ByteBuffer alias() {
    return alias;
  }

  ChildProcess child() {
    return child;
  }

  /** Where the process has mapped the file. */
  long address() {
    return address;
  }

  @Override
  public void close() throws IOException {
    child.close();
    file.close();
    Files.delete(path);
  }
}
