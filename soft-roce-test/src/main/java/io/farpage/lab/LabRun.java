package io.farpage.lab;

/**
 * What became of a command in the lab.
 *
 * @param exitCode that of the command; with two hosts the first that is not 0; or {@link
 *     Lab#TIMED_OUT} or {@link Lab#FAILED}
 * @param stdout what the command wrote; with two hosts, each line begins with the number of its
 *     host
 * @param stderr the same, and what the launcher says when it fails
 */
public record LabRun(int exitCode, String stdout, String stderr) {}
