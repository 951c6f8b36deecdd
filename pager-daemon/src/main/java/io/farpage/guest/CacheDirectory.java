package io.farpage.guest;

import java.nio.file.Path;

/**
 * Where downloaded and built things are kept: the same rule as in the scripts that put them there.
 */
final class CacheDirectory {
  private CacheDirectory() {}

  static Path path() {
    String own = System.getenv("FARPAGE_CACHE");
    if (own != null && !own.isEmpty()) {
      return Path.of(own);
    }
    String xdg = System.getenv("XDG_CACHE_HOME");
    Path caches =
        xdg != null && !xdg.isEmpty()
            ? Path.of(xdg)
            : Path.of(System.getProperty("user.home"), ".cache");
    return caches.resolve("farpage");
  }
}
