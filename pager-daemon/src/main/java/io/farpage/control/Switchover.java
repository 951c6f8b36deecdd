package io.farpage.control;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;

/**
 * The decision to stop the guest on the source.
 *
 * @param reason a word for programs, such as {@code fits-downtime-limit}
 * @param explanation a sentence for people, with the figures
 * @param catchUp whether the guest must not run on the destination before all known memory is there
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Switchover(String reason, String explanation, boolean catchUp) {}
