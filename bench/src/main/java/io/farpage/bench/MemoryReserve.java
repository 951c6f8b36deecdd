package io.farpage.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Memory that is held until the guest's pages need it, so that it is really there.
 *
 * <p>The host of a virtual machine takes free memory back within seconds, and to get it again takes
 * several times as long as to move a page: whoever began sooner after the guest before has ended,
 * or has less to move, would have the advantage.
 */
final class MemoryReserve implements MoveObserver, AutoCloseable {
  private static final int CHUNK_BYTES = 1 << 20;
  private static final int LOOK_MS = 2;
  private static final int AHEAD_BYTES = 128 << 20;

  private final FileStore store;
  private final FileChannel file;
  private final long bytes;
  private final CountDownLatch closing = new CountDownLatch(1);
  private Thread giver;

  /**
   * Fills the reserve.
   *
   * @param directory on a tmpfs
   * @param bytes as much as the guest's RAM
   */
  MemoryReserve(final Path directory, final long bytes) throws IOException {
    this.bytes = bytes;
    store = Files.getFileStore(directory);
    file =
        FileChannel.open(
            directory.resolve("reserve"),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE);
    try {
      fill();
    } catch (final IOException e) {
      close();
      throw e;
    }
  }

  private void fill() throws IOException {
    final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
    for (long left = bytes; left > 0; left -= chunk.limit()) {
      chunk.clear().limit((int) Math.min(left, CHUNK_BYTES));
      while (chunk.hasRemaining()) {
        file.write(chunk);
      }
    }
  }

  /** Frees a little, and then as much as is taken: the host would have more of it back at once. */
  @Override
  public void onConnected() throws IOException {
    file.truncate(Math.max(0, bytes - AHEAD_BYTES));
    if (file.size() > 0) {
      giver = new Thread(this::giveMore, "memory-reserve");
      giver.setDaemon(true);
      giver.start();
    }
  }

  private void giveMore() {
    try {
      final long free = store.getUnallocatedSpace();
      while (!closing.await(LOOK_MS, TimeUnit.MILLISECONDS) && file.size() > 0) {
        final long taken = free - store.getUnallocatedSpace();
        file.truncate(Math.max(0, file.size() - Math.max(0, taken)));
      }
    } catch (final IOException | InterruptedException e) {
      throw new IllegalStateException("the memory reserve", e);
    }
  }

  @Override
  public void close() throws IOException {
    closing.countDown();
    boolean interrupted = false;
    while (giver != null && giver.isAlive()) {
      try {
        giver.join();
      } catch (final InterruptedException e) {
        interrupted = true;
      }
    }
    file.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
