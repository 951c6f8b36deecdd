/** Finds out what a host can do, by doing it: a real userfaultfd on real shared memory. */
package io.farpage.doctor;
