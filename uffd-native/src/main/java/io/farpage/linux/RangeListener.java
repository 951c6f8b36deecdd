package io.farpage.linux;

/** Is told of ranges of memory, in ascending order. Two of them may touch. */
@FunctionalInterface
public interface RangeListener {
  /**
   * A range.
   *
   * @param start its first byte
   * @param end the first byte behind it
   */
  void range(long start, long end);
}
