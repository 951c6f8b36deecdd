package io.farpage.migration;

import io.farpage.journal.Journal;
import io.farpage.journal.JournalHeader;
import io.farpage.vmm.Vmm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/**
 * Makes and finds the journal of a source. It has no received bits to keep, only what a restarted
 * source must know: which migration its stopped guest has left with.
 */
final class SourceJournal {
  private SourceJournal() {}

  static Journal create(final SourceOptions options, final Vmm vmm, final UUID migrationId)
      throws IOException {
    final Path file = Journal.fileFor(options.stateDirectory().path(), vmm.pid());
    Files.deleteIfExists(file);
    return Journal.create(
        file,
        new JournalHeader(
            migrationId,
            options.listen().toString(),
            vmm.pid(),
            List.of(), // no page waits here
            DestinationJournal.regionsOf(vmm)));
  }

  /** Returns the journal that a source left behind when it died, or null. */
  static Journal find(final SourceOptions options, final Vmm vmm) throws IOException {
    final Path file = Journal.fileFor(options.stateDirectory().path(), vmm.pid());
    if (!Files.exists(file)) {
      return null;
    }
    final Journal journal = Journal.open(file);
    if (journal.header().vmmUserfaultfds().isEmpty()
        && journal.header().regions().equals(DestinationJournal.regionsOf(vmm))) {
      return journal;
    }
    journal.close();
    return null;
  }
}
