package io.farpage.prefetch;

/** Where the content of a page comes from. */
public enum PageOrigin {
  /** A hole of the source's RAM file: the page is all zeros and needs no network. */
  HOLE,
  /** The source's RAM, fetched by a remote read. */
  SOURCE
}
