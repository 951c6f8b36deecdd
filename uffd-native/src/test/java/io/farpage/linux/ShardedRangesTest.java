package io.farpage.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the kernel does when neighbouring ranges of one mapping belong to several userfaultfds. */
@Timeout(60)
class ShardedRangesTest {
  private static final int PAGE = 4096;
  private static final int PAGES = 16;
  private static final int HALF = PAGES / 2;
  private static final int MODE = UffdConstants.MODE_MISSING | UffdConstants.MODE_MINOR;

  @TempDir static Path directory;
  private static Path tracee;

  private Faulter faulter;
  private ByteBuffer alias;
  private ChildProcess child;
  private long remote;
  private List<RemoteUserfaultfd> injected;
  private Userfaultfd left;
  private Userfaultfd right;
  private PagePlacer byLeft;
  private PagePlacer byRight;
  private UffdEvents events;

  @BeforeAll
  static void compileTheTracee() throws Exception {
    tracee = CProgram.compile("tracee", directory);
  }

  @BeforeEach
  void registerHalfTheMappingWithEach() throws Exception {
    faulter = new Faulter(tracee, (long) PAGES * PAGE);
    alias = faulter.alias();
    child = faulter.child();
    remote = faulter.address();
    injected = InjectedUserfaultfd.open(child.pid(), 2);
    left = injected.get(0).local();
    right = injected.get(1).local();
    for (RemoteUserfaultfd each : injected) {
      each.local().handshake(UffdFeature.MINOR_SHMEM.bit());
    }
    left.register(remote, (long) HALF * PAGE, MODE);
    right.register(at(HALF), (long) HALF * PAGE, MODE);
    byLeft = left.placer();
    byRight = right.placer();
    events = new UffdEvents(8);
  }

  @AfterEach
  void endTheChild() throws IOException {
    faulter.close();
    events.close();
    byLeft.close();
    byRight.close();
    left.close();
    right.close();
  }

  private long at(int page) {
    return remote + (long) page * PAGE;
  }

  private void awaitFault(Userfaultfd uffd, int page) {
    try (PollSet poll = new PollSet(1)) {
      poll.set(0, uffd.fd());
      assertEquals(1, poll.poll(10_000), "no fault came");
    }
    assertEquals(1, events.readFrom(uffd));
    assertEquals(at(page), events.address(0));
  }

  private void touch(int page) throws IOException {
    child.write("r " + page * PAGE);
  }

  @Test
  void aFaultIsReportedWhereItsRangeIsRegistered() throws Exception {
    touch(HALF - 1);
    awaitFault(left, HALF - 1);
    assertEquals(0, events.readFrom(right));
    alias.put((HALF - 1) * PAGE, (byte) 1);
    assertEquals(PAGE, byLeft.continueRange(at(HALF - 1), PAGE));
    assertEquals("1", child.readLine());
    touch(HALF);
    awaitFault(right, HALF);
    assertEquals(0, events.readFrom(left));
    alias.put(HALF * PAGE, (byte) 2);
    assertEquals(PAGE, byRight.continueRange(at(HALF), PAGE));
    assertEquals("2", child.readLine());
  }

  /** It asks whether the range is registered, not with what: only the wake-up goes astray. */
  @Test
  void anyUserfaultfdOfTheProcessMapsThePageAndOnlyTheRangesOwnWakesWhoWaits() throws Exception {
    touch(HALF);
    awaitFault(right, HALF);
    alias.put(HALF * PAGE, (byte) 7);
    assertEquals(PAGE, byLeft.continueRange(at(HALF), PAGE));
    assertEquals(-Errno.EEXIST, byRight.continueRange(at(HALF), PAGE));
    assertEquals(0, byLeft.wake(at(HALF), PAGE));
    TimeUnit.MILLISECONDS.sleep(50);
    assertEquals('S', child.state());
    assertEquals(-1, child.currentSyscall(), "it should wait still, in no system call");
    assertEquals(0, byRight.wake(at(HALF), PAGE));
    assertEquals("7", child.readLine());
  }

  @Test
  void oneCallCannotCrossTheBorder() {
    alias.put((HALF - 1) * PAGE, (byte) 1);
    alias.put(HALF * PAGE, (byte) 2);
    assertEquals(-Errno.ENOENT, byLeft.continueRange(at(HALF - 1), 2 * PAGE));
    assertEquals(-Errno.ENOENT, byLeft.zeroPage(at(HALF - 1), 2 * PAGE));
    assertEquals(PAGE, byLeft.continueRange(at(HALF - 1), PAGE));
    assertEquals(PAGE, byRight.continueRange(at(HALF), PAGE));
  }

  @Test
  void theMappingIsOnePieceAgainWhenAllAreUnregistered() throws Exception {
    assertEquals(2, pieces());
    left.unregister(remote, (long) HALF * PAGE);
    right.unregister(at(HALF), (long) HALF * PAGE);
    assertEquals(1, pieces());
    InjectedUserfaultfd.closeRemote(
        child.pid(), injected.get(0).remoteFd(), injected.get(1).remoteFd());
    assertTrue(
        ProcessFds.read(child.pid()).values().stream().noneMatch(fd -> fd.contains("userfaultfd")));
    assertEquals("0", child.ask("r 0"));
  }

  @Test
  void oneThatIsNotOpenIsEbadfAndTheOthersAreClosed() throws Exception {
    LinuxException failure =
        assertThrows(
            LinuxException.class,
            () ->
                InjectedUserfaultfd.closeRemote(
                    child.pid(), 777, injected.get(0).remoteFd(), injected.get(1).remoteFd()));
    assertEquals(Errno.EBADF, failure.errno());
    assertTrue(
        ProcessFds.read(child.pid()).values().stream().noneMatch(fd -> fd.contains("userfaultfd")));
  }

  /** More than a guest's RAM is ever cut into. */
  @Test
  void twoThousandRangesAreNotTooMany() throws Exception {
    int ranges = 2048;
    try (RamFile scratch = RamFile.adopt(MemFd.create("ranges", (long) ranges * PAGE), true);
        Userfaultfd even = Userfaultfd.create(0);
        Userfaultfd odd = Userfaultfd.create(0)) {
      even.handshake(UffdFeature.MINOR_SHMEM.bit());
      odd.handshake(UffdFeature.MINOR_SHMEM.bit());
      for (int i = 0; i < ranges; i++) {
        (i % 2 == 0 ? even : odd).register(scratch.map() + (long) i * PAGE, PAGE, MODE);
      }
      assertEquals(ranges, ownPieces("ranges"));
      for (int i = 0; i < ranges; i++) {
        (i % 2 == 0 ? even : odd).unregister(scratch.map() + (long) i * PAGE, PAGE);
      }
      assertEquals(1, ownPieces("ranges"));
    }
  }

  private static long ownPieces(String name) throws IOException {
    return ProcessMaps.read(Math.toIntExact(ProcessHandle.current().pid())).stream()
        .filter(m -> m.path().contains(name))
        .count();
  }

  private long pieces() throws IOException {
    return ProcessMaps.read(child.pid()).stream()
        .filter(m -> m.path().equals(faulter.path().toString()))
        .count();
  }
}
