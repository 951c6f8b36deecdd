/**
 * What survives the death of the daemon: the state of a migration and which pages have arrived.
 *
 * <p>A journal is a memory-mapped file. The page cache keeps it when the process is killed at any
 * instant; it need not survive the host, since the guest would not either.
 */
package io.farpage.journal;
