package io.farpage.transport.rdma;

/**
 * A list of work requests that was not posted, or not all of it. What was posted will complete: its
 * memory is in use until then.
 */
public final class PostException extends VerbsException {
  private static final long serialVersionUID = 1L;

  private final int postedCount;
  private final long refusedWrId;

  /**
   * Describes a refusal.
   *
   * @param message the verb, the error, and how far it came
   * @param errno the positive error number: ENOMEM when the queue is full
   * @param postedCount how many work requests, from the list's beginning, were posted
   * @param refusedWrId the {@code wr_id} of the first that was not
   */
  public PostException(String message, int errno, int postedCount, long refusedWrId) {
    super(message, errno);
    this.postedCount = postedCount;
    this.refusedWrId = refusedWrId;
  }

  /** How many work requests, from the list's beginning, were posted. */
  public int postedCount() {
    return postedCount;
  }

  /** The {@code wr_id} of the first work request that was not posted. */
  public long refusedWrId() {
    return refusedWrId;
  }
}
