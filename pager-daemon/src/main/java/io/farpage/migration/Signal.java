package io.farpage.migration;

import io.farpage.control.ControlChannel;
import io.farpage.control.Frame;
import io.farpage.control.Hello;
import io.farpage.control.PeerConnection;
import io.farpage.control.Preface;
import io.farpage.qmp.QmpEvent;

/** Something that the conductor has to know, from whichever thread. */
sealed interface Signal {
  /** A frame from the peer, on one of its control connections. */
  record FrameReceived(ControlChannel from, Frame frame) implements Signal {}

  /** A destination has connected, and said what it is. */
  record ControlJoined(String peer, ControlChannel channel, Hello hello) implements Signal {}

  /** A lane of this session has connected. */
  record LaneJoined(Preface.Purpose purpose, PeerConnection connection) implements Signal {}

  /** A control connection is gone. */
  record PeerLost(ControlChannel from, String reason) implements Signal {}

  /** The VMM tells something. */
  record Qmp(QmpEvent event) implements Signal {}

  /** The VMM has closed its monitor: it has ended. */
  record VmmGone() implements Signal {}

  /** An agent has ended. */
  record AgentFailed(Throwable cause) implements Signal {}

  /** The VMM's device-state stream has ended; the failure is null when it ended well. */
  record StreamEnded(String failure) implements Signal {}

  /** The first RDMA session is there, or failed; the failure is null when it is there. */
  record RdmaSettled(String failure) implements Signal {}

  /** An RDMA session of the source has failed. */
  record RdmaGivenUp(String why) implements Signal {}

  /** The warm-up has got on; who waits for it looks. */
  record WarmupAdvanced() implements Signal {}

  /** The operator wants the guest to be stopped now, and the rest to follow. */
  record SwitchoverRequested(String who) implements Signal {}

  /** The operator wants it to end. */
  record CancelRequested(String who) implements Signal {}
}
