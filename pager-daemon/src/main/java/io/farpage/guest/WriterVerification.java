package io.farpage.guest;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What {@link WriterGuestVerifier} found.
 *
 * @param boots how often the guest has booted
 * @param steps committed by all CPUs since then
 * @param pagesVerified pages of which every byte was compared
 * @param mismatchedPages how many of them were wrong
 * @param mismatches the first of them
 * @param problems what is wrong otherwise: what the guest itself found, or broken control blocks
 */
public record WriterVerification(
    int boots,
    long steps,
    long pagesVerified,
    long mismatchedPages,
    List<PageMismatch> mismatches,
    List<String> problems) {
  public WriterVerification {
    mismatches = List.copyOf(mismatches);
    problems = List.copyOf(problems);
  }

  /** Whether every byte is what the guest wrote. */
  public boolean isGood() {
    return mismatchedPages == 0 && problems.isEmpty();
  }

  /** Throws unless {@link #isGood}. */
  public WriterVerification orThrow() {
    if (!isGood()) {
      throw new AssertionError(toString());
    }
    return this;
  }

  @Override
  public String toString() {
    String head =
        pagesVerified + " pages verified, " + mismatchedPages + " wrong, after " + steps + " steps";
    String details =
        Stream.concat(problems.stream(), mismatches.stream().map(Object::toString))
            .map(line -> "\n  " + line)
            .collect(Collectors.joining());
    return mismatchedPages > mismatches.size() ? head + details + "\n  ..." : head + details;
  }
}
