/**
 * The connection between the two daemons: its preface, its frames, its encryption.
 *
 * <p>One port serves everything. Each connection starts with a fixed preface that says what it is;
 * the control connection then carries length-limited frames both ways, among them QEMU's device
 * state, and a lane carries nothing but page requests and pages.
 */
package io.farpage.control;
