package io.farpage.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.farpage.control.LaneCounts;
import io.farpage.control.RdmaMessage;
import io.farpage.control.RdmaMessage.Step;
import io.farpage.linux.MemFd;
import io.farpage.linux.RamFile;
import io.farpage.transport.Extents;
import io.farpage.vmm.RamRegion;
import io.farpage.vmm.Vmm;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The source's side of RDMA where there is no device for the address that it is reached by. */
@Timeout(120)
class SourceRdmaTest {
  private static final long SIZE = 1 << 20;
  private static final int PAGE = 4096;

  private final Inbox inbox = new Inbox();
  private RamFile ram;
  private ControlPair control;
  private SourceRdma rdma;

  @BeforeEach
  void open() throws Exception {
    ram = RamFile.adopt(MemFd.create("ram", SIZE), true);
    control = new ControlPair();
    final RamRegion region =
        new RamRegion("ram", Path.of("/proc/self/fd/" + ram.fd()), SIZE, PAGE, 0);
    rdma =
        new SourceRdma(
            control.tested(),
            new OneRegion(region),
            new RamFile[] {ram},
            new LaneCounts(1, 1),
            false,
            inbox,
            new MigrationListener() {});
  }

  @AfterEach
  void close() {
    rdma.close();
    control.close();
    ram.close();
  }

  @Test
  void whoAsksIsToldWhyThereIsNoSession() throws Exception {
    for (int session = 1; session <= 3; session++) {
      rdma.onMessage(RdmaMessage.request(session));
      final RdmaMessage answer = control.next();
      assertEquals(Step.FAILED, answer.step());
      assertEquals(session, answer.session());
      assertFalse(answer.why().isBlank());
      assertEquals(new Signal.RdmaGivenUp(answer.why()), inbox.poll(60_000));
    }
  }

  @Test
  void whatTheDestinationGivesUpIsPassedOn() throws Exception {
    rdma.onMessage(RdmaMessage.failed(1, "no way"));
    assertEquals(new Signal.RdmaGivenUp("no way"), inbox.poll(60_000));
  }

  @Test
  void whatMakesNoSenseIsIgnored() throws Exception {
    rdma.onMessage(new RdmaMessage(1, Step.LISTENING, 1, "", null));
    rdma.guestStopped();
    rdma.dataKnown(new Extents(1));
    rdma.onMessage(RdmaMessage.failed(1, "the last word"));
    assertEquals(new Signal.RdmaGivenUp("the last word"), inbox.poll(60_000));
    assertNull(inbox.poll(0));
  }

  @Test
  void afterItsEndItSaysNothing() throws Exception {
    rdma.close();
    rdma.onMessage(RdmaMessage.request(1));
    assertNull(inbox.poll(200));
  }

  /** A VMM with one region. */
  private record OneRegion(RamRegion region) implements Vmm {
    @Override
    public int pid() {
      return (int) ProcessHandle.current().pid();
    }

    @Override
    public String name() {
      return "test";
    }

    @Override
    public List<RamRegion> ram() {
      return List.of(region);
    }

    @Override
    public void close() {}
  }
}
