package io.farpage.bench;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Memory that is held until a migration has connected, so that it is really there when the guest's
 * pages need it.
 *
 * <p>The host of a virtual machine takes free memory back within seconds, and to get it again takes
 * several times as long as to move a page: whoever began sooner after the guest before has ended
 * would have the advantage.
 */
final class MemoryReserve implements MoveObserver, AutoCloseable {
  private final FileChannel file;

  /**
   * Fills the reserve.
   *
   * @param directory on a tmpfs
   * @param bytes as much as the guest's RAM
   */
  MemoryReserve(final Path directory, final long bytes) throws IOException {
    file =
        FileChannel.open(
            directory.resolve("reserve"),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE);
    try {
      HostMemory.fill(file, bytes);
    } catch (final IOException e) {
      close();
      throw e;
    }
  }

  @Override
  public void onConnected() throws IOException {
    file.truncate(0);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
