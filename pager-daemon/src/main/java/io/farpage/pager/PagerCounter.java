package io.farpage.pager;

/** What the pager counts; the label is the name in reports, events and metrics. */
public enum PagerCounter {
  /** Faults that the guest or its VMM waited on, as the kernel reported them. */
  FAULTS("faults"),
  /** Faults answered by a remote read of their own. */
  DEMAND_FAULTS("demand-faults"),
  /** Faults on a page that was already in flight. */
  FAULTS_IN_FLIGHT("faults-in-flight"),
  /** Faults on a page that had arrived meanwhile. */
  FAULTS_LATE("faults-late"),
  /** Pages that were holes on the source and were filled with zeros when touched. */
  ZERO_PAGES("zero-pages"),
  /** Pages that the guest had given back after they arrived, and touched again. */
  GIVEN_BACK_PAGES("given-back-pages"),
  /** Neighbours of such pages that came along with them. */
  CLUSTERED_PAGES("clustered-pages"),
  /** Bytes read on demand. */
  DEMAND_BYTES("demand-bytes"),
  /** Pages fetched ahead of demand. */
  PREFETCHED_PAGES("prefetched-pages"),
  /** Bytes fetched ahead of demand. */
  PREFETCHED_BYTES("prefetched-bytes"),
  /** Remote reads made by the prefetcher. */
  PREFETCH_READS("prefetch-reads");

  private final String label;

  PagerCounter(final String label) {
    this.label = label;
  }

  /** Returns the name in reports. */
  public String label() {
    return label;
  }
}
