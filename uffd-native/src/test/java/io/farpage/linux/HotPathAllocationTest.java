package io.farpage.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

/** The calls marked HOT must give the garbage collector nothing to do. */
class HotPathAllocationTest {
  private static final int PAGE = 4096;
  private static final int CALLS = 30_000;

  /** Two threads wait for each other in each of them. */
  private static final int FAULTS = 2_000;

  private static final int ROUNDS = 5;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private void assertAllocatesNothing(LongSupplier call) {
    assertAllocatesNothing(call, CALLS);
  }

  private void assertAllocatesNothing(LongSupplier call, int calls) {
    // The JVM itself may allocate once while it compiles or links; a call that allocates does so in
    // every round.
    long thread = Thread.currentThread().getId();
    long allocatedBytes = -1;
    long sum = 0;
    for (int round = 0; round < ROUNDS && allocatedBytes != 0; round++) {
      long before = threads.getThreadAllocatedBytes(thread);
      for (int i = 0; i < calls; i++) {
        sum += call.getAsLong();
      }
      allocatedBytes = threads.getThreadAllocatedBytes(thread) - before;
    }
    assertEquals(0, allocatedBytes, "bytes allocated (sum " + sum + ")");
  }

  @Test
  void theMeasurementSeesAllocation() {
    Object[] kept = new Object[1];
    long thread = Thread.currentThread().getId();
    long before = threads.getThreadAllocatedBytes(thread);
    for (int i = 0; i < CALLS; i++) {
      kept[0] = new long[1];
    }
    assertTrue(
        threads.getThreadAllocatedBytes(thread) - before >= 16L * CALLS, String.valueOf(kept[0]));
  }

  @Test
  void placingAndReadingEventsAllocateNothing() throws Exception {
    int memfd = MemFd.create("farpage-test", 64 * PAGE);
    try (RamFile file = RamFile.adopt(memfd, true);
        Userfaultfd uffd = Userfaultfd.create(0);
        PagePlacer placer = uffd.placer();
        UffdEvents events = new UffdEvents(16);
        NativeBuffer source = NativeBuffer.allocate(PAGE)) {
      uffd.handshake(UffdFeature.MINOR_SHMEM.bit());
      long address = file.map();
      uffd.register(
          address, file.sizeBytes(), UffdConstants.MODE_MISSING | UffdConstants.MODE_MINOR);
      assertEquals(PAGE, placer.zeroPage(address, PAGE));
      assertAllocatesNothing(() -> placer.continueRange(address, PAGE));
      assertAllocatesNothing(() -> placer.continueRange(address + PAGE, PAGE));
      assertAllocatesNothing(() -> placer.copy(address, source.address(), PAGE));
      assertAllocatesNothing(() -> placer.zeroPage(address, PAGE));
      assertAllocatesNothing(() -> placer.wake(address, PAGE));
      assertAllocatesNothing(() -> events.readFrom(uffd));
      assertAllocatesNothing(() -> file.tryAllocate(0, PAGE));
    }
  }

  @Test
  void faultsThatAreReadAndAnsweredAllocateNothing() throws Exception {
    int memfd = MemFd.create("farpage-test", PAGE);
    int[] pair = SocketIo.pair();
    try (RamFile file = RamFile.adopt(memfd, true);
        Userfaultfd uffd = Userfaultfd.create(0);
        PagePlacer placer = uffd.placer();
        UffdEvents events = new UffdEvents(16);
        PollSet poll = new PollSet(1)) {
      uffd.handshake(UffdFeature.MINOR_SHMEM.bit());
      long address = file.map();
      uffd.register(address, PAGE, UffdConstants.MODE_MISSING | UffdConstants.MODE_MINOR);
      poll.set(0, uffd.fd());
      // In native code, send(2) faults on the page for each byte it sends; a Java access would hold
      // up safepoints.
      Thread faulting =
          new Thread(
              () -> {
                while (SocketIo.send(pair[0], address, 1, SocketIo.MSG_NOSIGNAL) == 1) {
                  Thread.onSpinWait();
                }
              });
      faulting.start();
      try (NativeBuffer sink = NativeBuffer.allocate(65536)) {
        LongSupplier answerOne =
            () -> {
              long sum = 0;
              while (poll.poll(1000) == 1 && poll.isReadable(0)) {
                int count = events.readFrom(uffd);
                for (int i = 0; i < count; i++) {
                  sum += events.address(i) + events.threadId(i) + events.event(i);
                  sum += events.isMinor(i) ? 1 : 0;
                  sum += events.isWrite(i) ? 1 : 0;
                  long placed = placer.zeroPage(events.address(i), PAGE);
                  sum += placed > 0 ? placed : placer.wake(address, PAGE);
                }
                if (count > 0) {
                  break;
                }
              }
              SocketIo.recv(pair[1], sink.address(), sink.lengthBytes(), SocketIo.MSG_DONTWAIT);
              Libc.fallocate(
                  file.fd(), Abi.FALLOC_FL_PUNCH_HOLE | Abi.FALLOC_FL_KEEP_SIZE, 0, PAGE);
              return sum;
            };
        assertTrue(answerOne.getAsLong() > address, "no fault was seen");
        assertAllocatesNothing(answerOne, FAULTS);
        uffd.unregister(address, PAGE);
        SocketIo.shutdown(pair[0]);
        faulting.join();
      }
    } finally {
      SocketIo.close(pair[0]);
      SocketIo.close(pair[1]);
    }
  }

  @Test
  void socketsEventsAndPollingAllocateNothing() throws Exception {
    int[] pair = SocketIo.pair();
    try (NativeBuffer buffer = NativeBuffer.allocate(64);
        EventFd event = EventFd.create();
        PollSet poll = new PollSet(2)) {
      poll.set(0, pair[1]);
      poll.set(1, event.fd());
      long address = buffer.address();
      assertAllocatesNothing(
          () -> {
            event.signal();
            long sum = SocketIo.send(pair[0], address, 64, SocketIo.MSG_NOSIGNAL);
            sum += poll.poll(1000);
            sum += poll.isReadable(0) && poll.isReadable(1) && !poll.isHangup(0) ? 1 : 1000;
            sum += SocketIo.recv(pair[1], address, 64, SocketIo.MSG_DONTWAIT);
            event.drain();
            sum += SocketIo.recv(pair[1], address, 64, SocketIo.MSG_DONTWAIT);
            return sum + poll.poll(0);
          });
    } finally {
      SocketIo.close(pair[0]);
      SocketIo.close(pair[1]);
    }
  }
}
