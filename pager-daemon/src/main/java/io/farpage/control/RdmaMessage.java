package io.farpage.control;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Objects;

/**
 * What the two sides say to each other to set up an RDMA session beside a control connection.
 *
 * @param session its number: the destination counts, and asks for the next one when one broke
 * @param step what is said
 * @param port where the source's device listens, with {@link Step#LISTENING}
 * @param key 32 hexadecimal digits that the connections show, with {@link Step#LISTENING}
 * @param why what went wrong, with {@link Step#FAILED}
 */
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RdmaMessage(int session, Step step, Integer port, String key, String why) {
  /** What is said, and by whom. */
  public enum Step {
    /** Destination: wants a session. */
    REQUEST,
    /** Source: waits for the destination's connections. */
    LISTENING,
    /** Either: there will be no such session, or none any more. */
    FAILED
  }

  /** Requires the step. */
  public RdmaMessage {
    Objects.requireNonNull(step, "step");
  }

  /** Asks for a session. */
  public static RdmaMessage request(final int session) {
    return new RdmaMessage(session, Step.REQUEST, null, null, null);
  }

  /** Says where the source waits. */
  public static RdmaMessage listening(final int session, final int port, final String key) {
    return new RdmaMessage(session, Step.LISTENING, port, key, null);
  }

  /** Says that a session has failed. */
  public static RdmaMessage failed(final int session, final String why) {
    return new RdmaMessage(session, Step.FAILED, null, null, why);
  }
}
