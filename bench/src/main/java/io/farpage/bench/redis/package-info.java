/** A load on a Redis server: its protocol, and clients that note what they see. */
package io.farpage.bench.redis;
