package io.farpage.transport.rdma;

/**
 * How much a device can do.
 *
 * @param readsServed READs of others that a queue pair serves at once ({@code max_qp_rd_atom})
 * @param readsInFlight READs that a queue pair has in flight at once ({@code max_qp_init_rd_atom});
 *     connections use at most 16 of both
 * @param regionBytes the longest memory region ({@code max_mr_size}), 2<sup>63</sup>-1 for more
 * @param completions entries of a completion queue ({@code max_cqe})
 * @param workRequests entries of a send or receive queue ({@code max_qp_wr})
 * @param regions memory regions ({@code max_mr})
 * @param queuePairs queue pairs ({@code max_qp})
 * @param scatterEntries entries of a scatter/gather list ({@code max_sge}); queue pairs get at most
 *     4 here
 */
public record RdmaLimits(
    int readsServed,
    int readsInFlight,
    long regionBytes,
    int completions,
    int workRequests,
    int regions,
    int queuePairs,
    int scatterEntries) {}
