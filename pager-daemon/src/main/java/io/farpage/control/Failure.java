package io.farpage.control;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;

/**
 * Why a side gave up before the commit point. From the destination it also promises that its guest
 * will never run.
 *
 * @param message for the operator of the other side
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Failure(String message) {}
