/** What a migration tells people and programs: events, progress, and the report at the end. */
package io.farpage.report;
