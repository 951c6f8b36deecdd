package io.farpage.journal;

import io.farpage.prefetch.PageBits;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import net.openhft.chronicle.bytes.MappedBytes;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A memory-mapped file with a migration's state, its region table and one received bit a page.
 *
 * <pre>
 *    0  8  magic "FARPJRNL"
 *    8  4  layout version
 *   12  4  state, an ordinal given by the caller
 *   16  8  pages
 *   24  8  where the bits start, a multiple of 64
 *   32     header: migration id, VMM, its userfaultfds, regions
 * bits     one bit a page, 64-bit words
 * </pre>
 *
 * <p>The state and the bits may be written by any thread; the header never changes.
 */
public final class Journal implements AutoCloseable {
  private static final long MAGIC = 0x4c4e524a50524146L;
  private static final int VERSION = 2;
  private static final int STATE_OFFSET = 12;
  private static final int HEADER_OFFSET = 32;
  private static final int MAX_REGIONS = 4096;
  private static final int MAX_USERFAULTFDS = 16;
  private static final String SUFFIX = ".journal";

  private final Path file;
  private final JournalHeader header;
  private final MappedBytes bytes;
  private final PageBits received;

  private Journal(final Path file, final JournalHeader header, final MappedBytes bytes) {
    this.file = file;
    this.header = header;
    this.bytes = bytes;
    final long pageCount = header.pageCount();
    final long bits = bytes.readLong(24);
    received =
        new PageBits(
            new UnsafeBuffer(bytes.addressForRead(bits), PageBits.lengthBytes(pageCount)),
            pageCount);
  }

  /** Returns the journal file of a VMM process in a state directory. */
  public static Path fileFor(final Path directory, final int vmmPid) {
    return directory.resolve("qemu-" + vmmPid + SUFFIX);
  }

  /**
   * Creates a journal with no page received.
   *
   * @param file must not exist
   * @throws JournalException when it cannot be created
   */
  public static Journal create(final Path file, final JournalHeader header) throws IOException {
    final Path draft = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(draft);
    if (Files.exists(file)) {
      throw new JournalException(
          file
              + " exists: a migration into this QEMU was interrupted; go on with --resume, or"
              + " remove the file when that QEMU is gone");
    }
    final long bits = alignedTo64(HEADER_OFFSET + encodedLength(header));
    final MappedBytes bytes = map(draft, bits + PageBits.lengthBytes(header.pageCount()));
    bytes.writeLong(0, MAGIC);
    bytes.writeInt(8, VERSION);
    bytes.writeInt(STATE_OFFSET, 0);
    bytes.writeLong(16, header.pageCount());
    bytes.writeLong(24, bits);
    bytes.writePosition(HEADER_OFFSET);
    bytes.writeLong(header.migrationId().getMostSignificantBits());
    bytes.writeLong(header.migrationId().getLeastSignificantBits());
    bytes.writeUtf8(header.source());
    bytes.writeInt(header.vmmPid());
    bytes.writeInt(header.vmmUserfaultfds().size());
    header.vmmUserfaultfds().forEach(bytes::writeInt);
    bytes.writeInt(header.regions().size());
    for (final JournalHeader.Region region : header.regions()) {
      bytes.writeUtf8(region.id());
      bytes.writeUtf8(region.path());
      bytes.writeLong(region.sizeBytes());
      bytes.writeLong(region.pageSizeBytes());
      bytes.writeLong(region.hostAddress());
    }
    try {
      // under its name only when it is whole
      Files.move(draft, file);
    } catch (final FileAlreadyExistsException e) {
      bytes.releaseLast();
      throw new JournalException(file + " exists", e);
    }
    return new Journal(file, header, bytes);
  }

  /**
   * Opens the journal of an interrupted migration.
   *
   * @throws JournalException when the file is missing, damaged, or of another version
   */
  public static Journal open(final Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new JournalException(file + ": no such journal, nothing to resume");
    }
    final long length = Files.size(file);
    if (length < HEADER_OFFSET) {
      throw new JournalException(file + " is no journal: it has only " + length + " bytes");
    }
    final MappedBytes bytes = map(file, length);
    try {
      if (bytes.readLong(0) != MAGIC) {
        throw new JournalException(file + " is no journal");
      }
      if (bytes.readInt(8) != VERSION) {
        throw new JournalException(
            file
                + " has layout version "
                + bytes.readInt(8)
                + "; this program reads "
                + VERSION
                + ": end that migration with the version of Farpage that began it, or remove the"
                + " file when its QEMU is gone");
      }
      final JournalHeader header = readHeader(file, bytes, length);
      final long bits = bytes.readLong(24);
      if (header.pageCount() != bytes.readLong(16)
          || bits + PageBits.lengthBytes(header.pageCount()) > length) {
        throw new JournalException(file + " is damaged: its length does not fit its regions");
      }
      return new Journal(file, header, bytes);
    } catch (final IOException | RuntimeException e) {
      bytes.releaseLast();
      throw e instanceof JournalException
          ? (JournalException) e
          : new JournalException(file + " is damaged: " + e.getMessage(), e);
    }
  }

  private static JournalHeader readHeader(
      final Path file, final MappedBytes bytes, final long length) throws JournalException {
    bytes.writePosition(length);
    bytes.readPosition(HEADER_OFFSET);
    final UUID id = new UUID(bytes.readLong(), bytes.readLong());
    final String source = bytes.readUtf8();
    final int pid = bytes.readInt();
    final int userfaultfds = bytes.readInt();
    if (userfaultfds < 0 || userfaultfds > MAX_USERFAULTFDS) {
      throw new JournalException(file + " is damaged: " + userfaultfds + " userfaultfds");
    }
    final List<Integer> fds = new ArrayList<>(userfaultfds);
    for (int i = 0; i < userfaultfds; i++) {
      fds.add(bytes.readInt());
    }
    final int count = bytes.readInt();
    if (count < 1 || count > MAX_REGIONS) {
      throw new JournalException(file + " is damaged: " + count + " regions");
    }
    final List<JournalHeader.Region> regions = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      regions.add(
          new JournalHeader.Region(
              bytes.readUtf8(),
              bytes.readUtf8(),
              bytes.readLong(),
              bytes.readLong(),
              bytes.readLong()));
    }
    return new JournalHeader(id, source, pid, fds, regions);
  }

  private static MappedBytes map(final Path file, final long length) throws IOException {
    final MappedBytes bytes = MappedBytes.singleMappedBytes(file.toFile(), length);
    // written by the agents, read by the conductor: ordered by PageBits, not by Chronicle
    bytes.singleThreadedCheckDisabled(true);
    return bytes;
  }

  private static long encodedLength(final JournalHeader header) {
    long length = 16 + 12 + 4L * header.vmmUserfaultfds().size() + textLength(header.source());
    for (final JournalHeader.Region region : header.regions()) {
      length += 24 + textLength(region.id()) + textLength(region.path());
    }
    return length;
  }

  /** A text is at most three bytes a character, and its length takes up to five. */
  private static long textLength(final String text) {
    return 5 + 3L * text.length();
  }

  private static long alignedTo64(final long value) {
    return (value + 63) & ~63L;
  }

  /** Returns what the journal says of its migration. */
  public JournalHeader header() {
    return header;
  }

  /** Returns the received bits, backed by the file until {@link #close()}. */
  public PageBits received() {
    return received;
  }

  /** Returns the state last written. */
  public int state() {
    return bytes.readVolatileInt(STATE_OFFSET);
  }

  /** Writes the state. */
  public void state(final int state) {
    bytes.writeVolatileInt(STATE_OFFSET, state);
  }

  /** Returns the file. */
  public Path file() {
    return file;
  }

  /** Removes the file: the migration needs it no more. */
  public void delete() throws IOException {
    Files.deleteIfExists(file);
  }

  /** Unmaps the file, which stays; no thread may use the bits any more. */
  @Override
  public void close() {
    bytes.releaseLast();
  }
}
