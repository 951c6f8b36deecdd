/** JSON as text and as trees. */
package io.farpage.json;
