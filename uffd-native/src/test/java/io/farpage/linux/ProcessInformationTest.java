package io.farpage.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessInformationTest {
  private static final int SELF = (int) ProcessHandle.current().pid();

  @TempDir Path directory;

  @Test
  void aMappingWithBlanksInItsNameIsRead() {
    assertEquals(
        new MemoryMapping(
            0x7f0000000000L,
            0x7f0000001000L,
            "rw-s",
            0x2000,
            0xfd,
            0x10,
            1234567890123L,
            "/dev/shm/a b  c (deleted)"),
        ProcessMaps.parse(
            "7f0000000000-7f0000001000 rw-s 00002000 fd:10 1234567890123              /dev/shm/a b  c (deleted)"));
    assertEquals("", ProcessMaps.parse("1000-2000 ---p 00000000 00:00 0 ").path());
    assertTrue(
        ProcessMaps.parse("ffffffffff600000-ffffffffff601000 --xp 0 00:00 0 [vsyscall]").start()
            < 0);
  }

  @Test
  void thisProcessesMappingsHoldItsProgram() throws Exception {
    assertTrue(
        ProcessMaps.read(SELF).stream()
            .anyMatch(m -> m.isExecutable() && m.path().contains("libjvm")));
    assertEquals(
        Errno.ESRCH, assertThrows(LinuxException.class, () -> ProcessMaps.read(0x3fffff)).errno());
  }

  @Test
  void aChannelsNumberIsTheOneOfTheFileItOpened() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));
    try (FileChannel channel = FileChannel.open(file)) {
      assertEquals(file.toRealPath().toString(), ProcessFds.read(SELF).get(ChannelFd.of(channel)));
    }
    Pipe pipe = Pipe.open();
    assertTrue(ProcessFds.read(SELF).get(ChannelFd.of(pipe.source())).startsWith("pipe:"));
    pipe.source().close();
    pipe.sink().close();
  }

  @Test
  void thePeerOfAUnixSocketIsKnown() throws Exception {
    Path path = directory.resolve("socket");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(path));
      assertTrue(ProcessFds.read(SELF).get(ChannelFd.of(server)).startsWith("socket:"));
      try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path));
          SocketChannel accepted = server.accept()) {
        PeerCredentials peer = PeerCredentials.of(client);
        assertEquals(SELF, peer.pid());
        assertEquals(SELF, PeerCredentials.of(accepted).pid());
        assertEquals(ProcessStatus.self().effectiveUid(), peer.uid());
        assertEquals(Files.getAttribute(path, "unix:gid"), peer.gid());
      }
    }
  }

  @Test
  void anExitIsSeenThroughThePidfd() throws Exception {
    Process sleeping = new ProcessBuilder("sleep", "100").start();
    try (PidFd process = PidFd.open((int) sleeping.pid())) {
      assertFalse(process.hasExited());
      assertFalse(process.awaitExit(1));
      process.sendSignal(15);
      assertTrue(process.awaitExit(10_000));
      assertTrue(process.hasExited());
    }
    assertEquals(143, sleeping.waitFor());
    assertEquals(
        Errno.ESRCH, assertThrows(LinuxException.class, () -> PidFd.open(0x3fffff)).errno());
  }

  @Test
  void aDescriptorThatTheProcessDoesNotHaveIsEbadf() throws Exception {
    try (PidFd self = PidFd.open(SELF)) {
      assertEquals(
          Errno.EBADF, assertThrows(LinuxException.class, () -> self.getFd(999_999)).errno());
      int copy = self.getFd(0);
      assertEquals(ProcessFds.read(SELF).get(0), ProcessFds.read(SELF).get(copy));
      SocketIo.close(copy);
    }
  }

  @Test
  void memoryAndCapabilitiesOfThisProcessAreKnown() throws Exception {
    ProcessStatus status = ProcessStatus.self();
    assertTrue(status.residentBytes() > 10 << 20, "resident " + status.residentBytes());
    assertTrue(status.threadCount() > 3);
    assertEquals(0, status.tracerPid());
    assertEquals(ProcessHandle.current().parent().orElseThrow().pid(), status.parentPid());
    Process print = new ProcessBuilder("grep", "CapEff", "/proc/self/status").start();
    String words = print.inputReader().readLine();
    long mask = Long.parseUnsignedLong(words.substring(words.lastIndexOf('\t') + 1), 16);
    assertEquals(
        (mask & 1 << ProcessStatus.CAP_SYS_PTRACE) != 0,
        status.hasCapability(ProcessStatus.CAP_SYS_PTRACE));
    assertFalse(status.hasCapability(63));
  }

  @Test
  void kernelVersionsAreCompared() {
    KernelVersion version = KernelVersion.parse("6.7.12-amd64");
    assertTrue(version.isAtLeast(6, 7));
    assertTrue(version.isAtLeast(5, 19));
    assertFalse(version.isAtLeast(6, 8));
    assertTrue(KernelVersion.running().isAtLeast(5, 6));
    assertThrows(IllegalArgumentException.class, () -> KernelVersion.parse("unknown"));
  }

  @Test
  void pollSeesInputAndHangup() throws Exception {
    int[] pair = SocketIo.pair();
    try (PollSet poll = new PollSet(2);
        NativeBuffer buffer = NativeBuffer.allocate(8)) {
      poll.set(1, pair[1]);
      assertEquals(0, poll.poll(0));
      buffer.asByteBuffer().putLong(0, 0x1122334455667788L);
      assertEquals(8, SocketIo.send(pair[0], buffer.address(), 8, SocketIo.MSG_NOSIGNAL));
      assertEquals(1, poll.poll(1000));
      assertTrue(poll.isReadable(1));
      assertFalse(poll.isReadable(0));
      assertFalse(poll.isHangup(1));
      buffer.asByteBuffer().putLong(0, 0);
      assertEquals(8, SocketIo.recv(pair[1], buffer.address(), 8, SocketIo.MSG_WAITALL));
      assertEquals(0x1122334455667788L, buffer.asByteBuffer().getLong(0));
      assertEquals(
          -Errno.EAGAIN, SocketIo.recv(pair[1], buffer.address(), 8, SocketIo.MSG_DONTWAIT));
      SocketIo.shutdown(pair[0]);
      assertEquals(1, poll.poll(1000));
      assertTrue(poll.isHangup(1));
      assertEquals(0, SocketIo.recv(pair[1], buffer.address(), 8, 0));
      assertEquals(
          -Errno.EPIPE, SocketIo.send(pair[0], buffer.address(), 8, SocketIo.MSG_NOSIGNAL));
      poll.set(1, -1);
      assertEquals(0, poll.poll(0));
    } finally {
      SocketIo.close(pair[0]);
      SocketIo.close(pair[1]);
    }
  }

  @Test
  void anEventIsSeenUntilItIsDrained() throws Exception {
    try (EventFd event = EventFd.create();
        PollSet poll = new PollSet(1)) {
      poll.set(0, event.fd());
      assertEquals(0, poll.poll(0));
      event.signal();
      event.signal();
      assertEquals(1, poll.poll(0));
      event.drain();
      event.drain();
      assertEquals(0, poll.poll(0));
    }
  }

  @Test
  void memoryIsZeroedAndRefusedAfterClose() {
    NativeBuffer buffer = NativeBuffer.allocate(10_000);
    for (int i = 0; i < 10_000; i++) {
      assertEquals(0, buffer.asByteBuffer().get(i));
    }
    assertEquals(10_000, buffer.asByteBuffer().capacity());
    buffer.close();
    buffer.close();
    assertThrows(IllegalStateException.class, buffer::address);
    assertThrows(IllegalArgumentException.class, () -> NativeBuffer.allocate(0));
  }
}
