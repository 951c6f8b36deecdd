package io.farpage.control;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;

/**
 * Whether the source can tell which pages its guest writes.
 *
 * @param tracker how it does, such as {@code wp-async}; null when it cannot
 * @param rearms whether a page that was written once is reported again only after another write
 * @param why when it cannot, in one line
 * @param armNs how long it took to begin, in nanoseconds
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Tracking(String tracker, boolean rearms, String why, long armNs) {}
