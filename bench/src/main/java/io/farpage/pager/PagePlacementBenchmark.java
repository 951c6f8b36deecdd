package io.farpage.pager;

import io.farpage.linux.MemFd;
import io.farpage.linux.RamFile;
import io.farpage.linux.UffdConstants;
import io.farpage.linux.UffdFeature;
import io.farpage.linux.Userfaultfd;
import io.farpage.prefetch.PageSpace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Showing pages to a guest, on a real userfaultfd of this process. A page can be shown once only;
 * how long that takes, {@code farpage bench fault} tells.
 */
@State(Scope.Thread)
public class PagePlacementBenchmark {
  private static final int PAGE_BYTES = 4096;
  private static final int PAGES = 16;

  private RamFile file;
  private RamFile guest;
  private Userfaultfd userfaultfd;
  private PagePlacement placement;

  /** Registers a mapping of memory whose pages are all there. */
  @Setup(Level.Trial)
  public void setUp() throws IOException {
    final long length = (long) PAGES * PAGE_BYTES;
    file = RamFile.adopt(MemFd.create("farpage-jmh", length), true);
    file.allocate(0, length);
    guest = RamFile.open(Path.of("/proc/self/fd/" + file.fd()), true);
    userfaultfd = Userfaultfd.create(0);
    userfaultfd.handshake(UffdFeature.mask(UffdFeature.MISSING_SHMEM, UffdFeature.MINOR_SHMEM));
    userfaultfd.register(
        guest.map(), length, UffdConstants.MODE_MISSING | UffdConstants.MODE_MINOR);
    final PageSpace space = new PageSpace(new long[] {length}, new long[] {PAGE_BYTES});
    final GuestRegions regions = new GuestRegions(space, new long[] {guest.map()});
    placement =
        new PagePlacement(
            regions,
            new StripedPlacer(new FaultStripes(regions, 1), List.of(userfaultfd)),
            new RamFile[] {file});
    placement.place(0, 0, 1);
  }

  /** Closes everything. */
  @TearDown(Level.Trial)
  public void tearDown() {
    userfaultfd.close();
    guest.close();
    file.close();
  }

  /** A page that is mapped already: CONTINUE says so, and who waits is woken. */
  @Benchmark
  public void placeMappedPage() throws IOException {
    placement.placeAgain(0, 0);
  }
}
