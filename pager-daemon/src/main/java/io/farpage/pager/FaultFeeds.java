package io.farpage.pager;

import io.farpage.prefetch.PrefetchPolicy;

/** A {@link FaultFeed} for each demand agent, all read by the prefetch agent. */
final class FaultFeeds {
  private final FaultFeed[] feeds;

  FaultFeeds(final int shards, final PrefetchPolicy policy, final BulkPace pace) {
    feeds = new FaultFeed[shards];
    for (int i = 0; i < shards; i++) {
      feeds[i] = new FaultFeed(policy, pace);
    }
  }

  FaultFeed of(final int shard) {
    return feeds[shard];
  }

  int read() {
    int count = 0;
    for (final FaultFeed feed : feeds) {
      count += feed.read();
    }
    return count;
  }
}
