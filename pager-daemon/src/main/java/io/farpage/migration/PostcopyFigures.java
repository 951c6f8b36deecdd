package io.farpage.migration;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;

/** What the Java machine did between the resume and the end: it should be nothing. */
final class PostcopyFigures {
  private long collectionsAtResume;
  private long allocatedAtResume;
  private long collections = -1;
  private long allocatedBytes = -1;

  void atResume(final long agentsAllocatedBytes) {
    collectionsAtResume = collectionCount();
    allocatedAtResume = agentsAllocatedBytes;
  }

  void atEnd(final long agentsAllocatedBytes) {
    collections = collectionCount() - collectionsAtResume;
    allocatedBytes = agentsAllocatedBytes - allocatedAtResume;
  }

  /** Garbage collections between the resume and the end. */
  long collections() {
    return collections;
  }

  /** Bytes that the agents allocated between the resume and the end. */
  long agentsAllocatedBytes() {
    return allocatedBytes;
  }

  private static long collectionCount() {
    long count = 0;
    for (final GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
      count += Math.max(0, collector.getCollectionCount());
    }
    return count;
  }
}
