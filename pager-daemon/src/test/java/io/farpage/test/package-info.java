/** What tests of all kinds need: conditions on the machine, directories in memory. */
package io.farpage.test;
