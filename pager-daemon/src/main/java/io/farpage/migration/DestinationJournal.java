package io.farpage.migration;

import io.farpage.control.ProtocolException;
import io.farpage.control.Welcome;
import io.farpage.journal.Journal;
import io.farpage.journal.JournalException;
import io.farpage.journal.JournalHeader;
import io.farpage.linux.ProcessFds;
import io.farpage.vmm.Vmm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Makes and finds the journal of a destination. */
final class DestinationJournal {
  private DestinationJournal() {}

  /** Creates the journal of a new migration. */
  static Journal create(
      final DestinationOptions options,
      final Vmm vmm,
      final Welcome welcome,
      final List<Integer> vmmUserfaultfds)
      throws IOException {
    final UUID id;
    try {
      id = UUID.fromString(welcome.migrationId());
    } catch (final IllegalArgumentException | NullPointerException e) {
      throw new ProtocolException("the source sent a malformed migration id");
    }
    final Path file = Journal.fileFor(options.stateDirectory().path(), vmm.pid());
    // this VMM has never had a guest: what is there is of an older process with the same number
    Files.deleteIfExists(file);
    return Journal.create(
        file,
        new JournalHeader(
            id, options.source().toString(), vmm.pid(), vmmUserfaultfds, regionsOf(vmm)));
  }

  static List<JournalHeader.Region> regionsOf(final Vmm vmm) {
    return vmm.ram().stream()
        .map(
            r ->
                new JournalHeader.Region(
                    r.id(), r.path().toString(), r.sizeBytes(), r.pageSizeBytes(), r.hostAddress()))
        .toList();
  }

  /**
   * Opens the journal of an interrupted migration into a VMM, and checks that it is of this very
   * process.
   */
  static Journal open(final DestinationOptions options, final Vmm vmm) throws IOException {
    final Journal journal =
        Journal.open(Journal.fileFor(options.stateDirectory().path(), vmm.pid()));
    try {
      final JournalHeader header = journal.header();
      final Map<Integer, String> descriptors = ProcessFds.read(vmm.pid());
      if (!header.regions().equals(regionsOf(vmm))
          || header.vmmUserfaultfds().isEmpty()
          || !header.vmmUserfaultfds().stream()
              .allMatch(fd -> descriptors.getOrDefault(fd, "").contains("userfaultfd"))) {
        throw new JournalException(
            journal.file()
                + " is of another QEMU that had the process number "
                + vmm.pid()
                + ": there is nothing to resume");
      }
      return journal;
    } catch (final IOException e) {
      journal.close();
      throw e;
    }
  }
}
