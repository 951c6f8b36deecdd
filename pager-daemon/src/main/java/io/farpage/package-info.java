/** Farpage: resumes a guest before its memory has arrived. */
package io.farpage;
