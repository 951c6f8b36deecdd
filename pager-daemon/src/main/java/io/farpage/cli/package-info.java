/** The command line: {@code doctor}, {@code source}, {@code dest}, {@code ctl} and {@code demo}. */
package io.farpage.cli;
