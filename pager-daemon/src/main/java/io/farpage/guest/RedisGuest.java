package io.farpage.guest;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A small Linux that runs a Redis server, with a network adapter on a tap device of the host.
 *
 * <p>The script {@code build-redis-guest} makes it.
 *
 * @param kernel the kernel image
 * @param initrd the initial RAM file system
 */
public record RedisGuest(Path kernel, Path initrd) {
  /** What the guest says on its serial port when the server takes connections. */
  public static final String READY = "Ready to accept connections";

  private static final String COMMAND_LINE =
      "console=ttyS0 quiet panic=-1 mitigations=off nokaslr nowatchdog"
          + " rcupdate.rcu_cpu_stall_suppress=1";

  /** Where the server listens. */
  public static final int PORT = 6379;

  /** The guest in the cache directory, if it has been made. */
  public static Optional<RedisGuest> find() {
    Path directory = directory();
    RedisGuest guest = new RedisGuest(directory.resolve("vmlinuz"), directory.resolve("initrd"));
    return Files.isReadable(guest.kernel) && Files.isReadable(guest.initrd)
        ? Optional.of(guest)
        : Optional.empty();
  }

  /**
   * Where the script leaves it, and beside it the same server with its libraries in {@code lib}.
   */
  public static Path directory() {
    return CacheDirectory.path().resolve("redis-guest");
  }

  /**
   * Boots this guest.
   *
   * @param tap the name of the tap device
   * @param address of the guest, with the bits of its network, as in {@code 192.0.2.2/30}
   */
  public QemuCommand.Builder bootIn(QemuCommand.Builder qemu, String tap, String address) {
    return qemu.kernel(kernel, initrd, COMMAND_LINE + " farpage.address=" + address)
        .extra(
            "-netdev",
            "tap,id=net,ifname=" + tap + ",script=no,downscript=no",
            "-device",
            "virtio-net-pci,netdev=net,romfile=");
  }
}
