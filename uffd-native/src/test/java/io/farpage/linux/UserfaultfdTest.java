package io.farpage.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the kernel does with a userfaultfd that was put into another process, which maps a file and
 * touches it.
 */
class UserfaultfdTest {
  private static final int PAGE = 4096;
  private static final int PAGES = 16;
  private static final int MISSING_AND_MINOR =
      UffdConstants.MODE_MISSING | UffdConstants.MODE_MINOR;

  @TempDir static Path directory;
  private static Path tracee;

  private Faulter faulter;
  private RamFile file;
  private ByteBuffer alias;
  private ChildProcess child;
  private long remote;
  private RemoteUserfaultfd injected;
  private Userfaultfd uffd;
  private PagePlacer placer;
  private UffdEvents events;
  private PollSet poll;

  @BeforeAll
  static void compileTheTracee() throws Exception {
    tracee = CProgram.compile("tracee", directory);
  }

  @BeforeEach
  void injectAUserfaultfd() throws Exception {
    faulter = new Faulter(tracee, (long) PAGES * PAGE);
    file = faulter.file();
    alias = faulter.alias();
    child = faulter.child();
    remote = faulter.address();
    injected = InjectedUserfaultfd.open(child.pid());
    uffd = injected.local();
    assertTrue(UffdFeature.MINOR_SHMEM.in(uffd.handshake(UffdFeature.MINOR_SHMEM.bit())));
    placer = uffd.placer();
    events = new UffdEvents(8);
    poll = new PollSet(1);
    poll.set(0, uffd.fd());
  }

  @AfterEach
  void endTheChild() throws IOException {
    faulter.close();
    poll.close();
    events.close();
    placer.close();
    uffd.close();
  }

  private void register(int mode) throws IOException {
    long ioctls = uffd.register(remote, file.sizeBytes(), mode);
    assertTrue((ioctls & 1 << UffdConstants.IOCTL_WAKE) != 0);
  }

  private void awaitFault(int page, boolean minor, boolean write) {
    assertEquals(1, poll.poll(10_000), "no fault came");
    assertEquals(1, events.readFrom(uffd));
    assertEquals(UffdConstants.EVENT_PAGEFAULT, events.event(0));
    assertEquals(remote + (long) page * PAGE, events.address(0));
    assertEquals(minor, events.isMinor(0), "minor");
    assertEquals(write, events.isWrite(0), "write");
    assertEquals(0, events.readFrom(uffd));
  }

  private long at(int page) {
    return remote + (long) page * PAGE;
  }

  private void touch(int page) throws IOException {
    child.write("r " + page * PAGE);
  }

  @Test
  void aMissingPageIsWrittenThroughTheAliasAndContinued() throws Exception {
    register(MISSING_AND_MINOR);
    touch(3);
    awaitFault(3, false, false);
    alias.put(3 * PAGE, (byte) 42);
    assertEquals(PAGE, placer.continueRange(at(3), PAGE));
    assertEquals("42", child.readLine());
  }

  @Test
  void aWriteIsReportedAsOneAndLandsInTheFile() throws Exception {
    register(MISSING_AND_MINOR);
    child.write("w " + 5 * PAGE + " 7");
    awaitFault(5, false, true);
    alias.put(5 * PAGE + 1, (byte) 1);
    assertEquals(PAGE, placer.continueRange(at(5), PAGE));
    assertEquals("7", child.readLine());
    assertEquals(7, alias.get(5 * PAGE));
  }

  @Test
  void aPageThatTheFileHasIsAMinorFaultAndShowsWhatTheAliasWroteMeanwhile() throws Exception {
    alias.put(2 * PAGE, (byte) 1);
    register(MISSING_AND_MINOR);
    touch(2);
    awaitFault(2, true, false);
    alias.put(2 * PAGE, (byte) 99);
    assertEquals(PAGE, placer.continueRange(at(2), PAGE));
    assertEquals("99", child.readLine());
  }

  @Test
  void withMissingAloneAPageThatTheFileHasIsNotReported() throws Exception {
    alias.put(2 * PAGE, (byte) 1);
    register(UffdConstants.MODE_MISSING);
    assertEquals("1", child.ask("r " + 2 * PAGE));
    assertEquals(0, events.readFrom(uffd));
  }

  @Test
  void continuingTwiceOrCopyingOverAPageIsEexist() throws Exception {
    register(MISSING_AND_MINOR);
    alias.put(0, (byte) 1);
    assertEquals(PAGE, placer.continueRange(at(0), PAGE));
    assertEquals(-Errno.EEXIST, placer.continueRange(at(0), PAGE));
    try (NativeBuffer source = NativeBuffer.allocate(PAGE)) {
      assertEquals(-Errno.EEXIST, placer.copy(at(0), source.address(), PAGE));
    }
  }

  @Test
  void continuingOnAHoleIsEfault() throws Exception {
    register(MISSING_AND_MINOR);
    assertEquals(-Errno.EFAULT, placer.continueRange(at(1), PAGE));
  }

  @Test
  void aRangeIsContinuedUpToTheFirstHole() throws Exception {
    register(MISSING_AND_MINOR);
    file.allocate(0, 4 * PAGE);
    assertEquals(4 * PAGE, placer.continueRange(at(0), 8 * PAGE));
    assertEquals(4 * PAGE, file.nextHole(0));
    assertEquals(file.sizeBytes(), file.nextData(4 * PAGE));
  }

  @Test
  void aCopyFillsAHole() throws Exception {
    register(MISSING_AND_MINOR);
    touch(4);
    awaitFault(4, false, false);
    try (NativeBuffer source = NativeBuffer.allocate(PAGE)) {
      source.asByteBuffer().put(0, (byte) 77);
      assertEquals(PAGE, placer.copy(at(4), source.address(), PAGE));
    }
    assertEquals("77", child.readLine());
    assertEquals(77, alias.get(4 * PAGE));
  }

  @Test
  void aZeroPageFillsAHole() throws Exception {
    register(MISSING_AND_MINOR);
    touch(6);
    awaitFault(6, false, false);
    assertEquals(PAGE, placer.zeroPage(at(6), PAGE));
    assertEquals("0", child.readLine());
    assertEquals(-Errno.EEXIST, placer.zeroPage(at(6), PAGE));
  }

  @Test
  void aPunchedPageIsMissingAgain() throws Exception {
    register(MISSING_AND_MINOR);
    alias.put(0, (byte) 1);
    placer.continueRange(at(0), PAGE);
    assertEquals("1", child.ask("r 0"));
    file.punchHole(0, PAGE);
    touch(0);
    awaitFault(0, false, false);
    assertEquals(PAGE, placer.zeroPage(at(0), PAGE));
    assertEquals("0", child.readLine());
  }

  @Test
  void aWakeMakesAnUnansweredFaultComeAgain() throws Exception {
    register(MISSING_AND_MINOR);
    touch(9);
    awaitFault(9, false, false);
    assertEquals(0, placer.wake(at(0), file.sizeBytes()));
    awaitFault(9, false, false);
    assertEquals(PAGE, placer.zeroPage(at(9), PAGE));
    assertEquals("0", child.readLine());
  }

  @Test
  void anUnregisteredRangeIsTheKernelsOwnAgain() throws Exception {
    register(MISSING_AND_MINOR);
    touch(9);
    awaitFault(9, false, false);
    uffd.unregister(remote, file.sizeBytes());
    assertEquals("0", child.readLine());
    assertEquals(-Errno.ENOENT, placer.continueRange(at(9), PAGE));
  }

  @Test
  void aSecondUserfaultfdOnTheSameRangeIsEbusyAndNamesTheRange() throws Exception {
    register(MISSING_AND_MINOR);
    try (Userfaultfd second = InjectedUserfaultfd.open(child.pid()).local()) {
      second.handshake(0);
      LinuxException failure =
          assertThrows(
              LinuxException.class, () -> second.register(remote, PAGE, MISSING_AND_MINOR));
      assertEquals(Errno.EBUSY, failure.errno());
      assertTrue(
          failure.getMessage().contains("0x" + Long.toHexString(remote)), failure.getMessage());
    }
  }

  @Test
  void theProcessesOwnCopyKeepsTheRegistrationAlive() throws Exception {
    register(MISSING_AND_MINOR);
    touch(9);
    awaitFault(9, false, false);
    uffd.close();
    assertEquals("anon_inode:[userfaultfd]", ProcessFds.read(child.pid()).get(injected.remoteFd()));
    try (PidFd process = PidFd.open(child.pid());
        Userfaultfd again = Userfaultfd.adopt(process.getFd(injected.remoteFd()));
        PagePlacer placing = again.placer()) {
      assertEquals(0, placing.wake(remote, file.sizeBytes()));
      poll.set(0, again.fd());
      assertEquals(1, poll.poll(10_000));
      assertEquals(1, events.readFrom(again));
      assertEquals(at(9), events.address(0));
      alias.put(9 * PAGE, (byte) 5);
      assertEquals(PAGE, placing.continueRange(at(9), PAGE));
      assertEquals("5", child.readLine());
    }
  }

  @Test
  void closingTheLastCopyLetsTheWaiterReadZeros() throws Exception {
    register(MISSING_AND_MINOR);
    touch(9);
    awaitFault(9, false, false);
    // The main thread waits for the fault, in the kernel's page fault code: it can be stopped
    // there, too.
    InjectedUserfaultfd.closeRemote(child.pid(), injected.remoteFd());
    uffd.close();
    assertEquals("0", child.readLine());
  }

  @Test
  void placingInAProcessThatHasExitedIsEsrch() throws Exception {
    register(MISSING_AND_MINOR);
    child.signal(9);
    try (PidFd process = PidFd.open(child.pid())) {
      process.awaitExit(10_000);
    } catch (LinuxException e) {
      assertEquals(Errno.ESRCH, e.errno());
    }
    assertEquals(-Errno.ESRCH, placer.continueRange(at(0), PAGE));
    assertEquals(-Errno.ESRCH, placer.zeroPage(at(0), PAGE));
  }

  @Test
  void theThreadThatFaultsIsNamedWhenAskedFor() throws Exception {
    try (Userfaultfd second = InjectedUserfaultfd.open(child.pid()).local()) {
      second.handshake(UffdFeature.mask(UffdFeature.THREAD_ID, UffdFeature.MINOR_SHMEM));
      second.register(remote, file.sizeBytes(), MISSING_AND_MINOR);
      touch(1);
      poll.set(0, second.fd());
      assertEquals(1, poll.poll(10_000));
      assertEquals(1, events.readFrom(second));
      assertEquals(child.pid(), events.threadId(0));
    }
  }

  @Test
  void aFeatureThatTheKernelLacksIsNamed() throws Exception {
    try (Userfaultfd own = Userfaultfd.create(0)) {
      LinuxException failure =
          assertThrows(
              LinuxException.class, () -> own.handshake(UffdFeature.THREAD_ID.bit() | 1L << 62));
      assertEquals(Errno.EINVAL, failure.errno());
      assertTrue(
          failure.getMessage().contains("lacks [] and 0x4000000000000000"), failure.getMessage());
      assertTrue(own.handshake(0) != 0);
    }
    LinuxException twice = assertThrows(LinuxException.class, () -> uffd.handshake(1));
    assertTrue(twice.getMessage().contains("initialised before"), twice.getMessage());
  }

  @Test
  void manyFaultsOfManyThreadsComeInOneBatchAndAreAnsweredInParallel() throws Exception {
    register(MISSING_AND_MINOR);
    file.allocate(0, file.sizeBytes());
    Thread[] threads = new Thread[4];
    long[] done = new long[threads.length];
    for (int t = 0; t < threads.length; t++) {
      int first = t * PAGES / threads.length;
      int index = t;
      threads[t] =
          new Thread(
              () -> {
                try (PagePlacer own = uffd.placer()) {
                  for (int page = first; page < first + PAGES / threads.length; page++) {
                    done[index] += own.continueRange(at(page), PAGE);
                  }
                }
              });
      threads[t].start();
    }
    for (int t = 0; t < threads.length; t++) {
      threads[t].join();
      assertEquals(PAGES / threads.length * PAGE, done[t]);
    }
    assertEquals("0", child.ask("r 0"));
    assertEquals(0, events.readFrom(uffd));
    assertFalse(events.count() > 0);
  }
}
