package io.farpage.bench;

import io.farpage.linux.RamFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A plain TCP stream by a C program, from a file full of data into one of holes, on tmpfs. */
final class TcpStream {
  private static final int PAGE_BYTES = MissingMemory.PAGE_BYTES;

  private final Path directory;
  private final NativeProgram program;
  private final Host source;
  private final Host destination;
  private final long pages;

  TcpStream(
      final Testbed testbed, final Host source, final Host destination, final long lengthBytes)
      throws IOException {
    directory = testbed.newDirectory("stream");
    program = NativeProgram.build(directory, "stream", "floor.h");
    this.source = source;
    this.destination = destination;
    pages = lengthBytes / PAGE_BYTES;
  }

  /** Streams everything once; returns bytes a second. */
  double bytesPerSecond() throws IOException {
    final Path from = newFile("from");
    final Path to = newFile("to");
    final RamFill fill = RamFill.into(from);
    try (MemoryReserve reserve = new MemoryReserve(directory, pages * PAGE_BYTES);
        NativeProcess sender =
            program.startUnder(source.command(), "send", from, pages, source.address())) {
      final String port = sender.await("port")[0];
      reserve.onConnected();
      try (NativeProcess receiver =
          program.startUnder(destination.command(), "receive", to, pages, source.address(), port)) {
        final long nanos = receiver.awaitNumbers()[0];
        fill.verify(to);
        return pages * PAGE_BYTES * 1e9 / nanos;
      }
    } finally {
      Files.delete(from);
      Files.delete(to);
    }
  }

  private Path newFile(final String name) throws IOException {
    final Path file = directory.resolve(name);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(1), pages * PAGE_BYTES - 1);
    }
    try (RamFile holes = RamFile.open(file, true)) {
      holes.punchHole(0, holes.sizeBytes());
    }
    return file;
  }
}
