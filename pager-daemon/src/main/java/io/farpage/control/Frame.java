package io.farpage.control;

/**
 * One frame of a control connection.
 *
 * @param type what it is
 * @param payload its content, not copied
 */
public record Frame(FrameType type, byte[] payload) {}
