package io.farpage.migration;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;

/**
 * The source's figures, sent with its last word.
 *
 * @param downtimeNs from the source guest's stop until the source heard that it had resumed
 * @param totalNs from the destination's connection to the end
 * @param setupNs from the destination's connection until QEMU's migration began
 * @param deviceStateBytes what QEMU itself sent
 * @param dataBytes what the RAM files held
 * @param sentBytes page data sent
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record SourceReport(
    long downtimeNs,
    long totalNs,
    long setupNs,
    long deviceStateBytes,
    long dataBytes,
    long sentBytes) {}
