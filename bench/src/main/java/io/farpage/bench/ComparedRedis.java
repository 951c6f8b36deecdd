package io.farpage.bench;

import io.farpage.bench.redis.RedisData;
import io.farpage.bench.redis.RedisLoad;
import io.farpage.bench.redis.RespConnection;
import io.farpage.guest.Accelerator;
import io.farpage.guest.QemuInstallation;
import io.farpage.guest.RedisGuest;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * A Linux guest with a Redis server whose data take most of its memory, under load. Its clients'
 * connections move with it.
 */
final class ComparedRedis implements ComparedGuest {
  static final long LEAST_MEMORY = 256L << 20;

  private static final Duration BOOT_TIMEOUT = Duration.ofMinutes(5);
  private static final Duration WARM_UP = Duration.ofSeconds(2);
  private static final Duration UNDISTURBED = Duration.ofSeconds(1);
  private static final int TIMEOUT_MS = 60_000;
  private static final int CLIENTS = 4;
  private static final int VALUE_BYTES = 1000;

  /** What a value takes in the server, with its key. */
  private static final int ENTRY_BYTES = 1100;

  /** What the kernel and its file system take. */
  private static final long SYSTEM_BYTES = 144L << 20;

  private static final double DATA_SHARE = 0.75;

  private final MovingGuest vm;
  private final RedisLoad load;
  private final String digest;
  private final TapNetwork network;
  private int tap = TapNetwork.TAPS - 1;
  private int newestTap;

  /** Boots it, fills its memory and begins the load. */
  ComparedRedis(
      final Testbed testbed,
      final QemuInstallation installation,
      final List<Host> hosts,
      final TapNetwork network,
      final RedisGuest guest,
      final long memoryBytes,
      final Accelerator accelerator)
      throws IOException {
    final RedisData data =
        new RedisData((int) ((memoryBytes - SYSTEM_BYTES) * DATA_SHARE / ENTRY_BYTES), VALUE_BYTES);
    this.network = network;
    vm =
        new MovingGuest(
            testbed,
            installation,
            hosts,
            memoryBytes,
            builder ->
                guest.bootIn(
                    builder.accelerator(accelerator), takeTap(), network.guestAddressAndBits()));
    vm.qemu().awaitSerial(RedisGuest.READY, BOOT_TIMEOUT);
    tap = newestTap;
    try (RespConnection server = connect()) {
      data.populate(server);
      digest = RedisData.digest(server);
    }
    load = new RedisLoad(data, network.guest(RedisGuest.PORT), CLIENTS, TIMEOUT_MS);
    LockSupport.parkNanos(WARM_UP.toNanos());
  }

  /** Each QEMU has a tap device of its own, in turn: the source still has the other. */
  private String takeTap() {
    newestTap = (tap + 1) % TapNetwork.TAPS;
    return network.tap(newestTap);
  }

  private RespConnection connect() throws IOException {
    return RespConnection.connect(network.guest(RedisGuest.PORT), TIMEOUT_MS);
  }

  @Override
  public MovingGuest vm() {
    return vm;
  }

  @Override
  public Watch watch() {
    load.takeLatencies();
    final long begin = System.nanoTime();
    final long answered = load.answered();
    LockSupport.parkNanos(UNDISTURBED.toNanos());
    final double rate = (load.answered() - answered) * 1e9 / (System.nanoTime() - begin);
    return new RedisWatch(rate, load.takeLatencies());
  }

  @Override
  public String damage() throws IOException {
    try (RespConnection server = connect()) {
      load.requireNoFailure();
      return RedisData.digest(server).equals(digest) ? "" : "the data are not what they were";
    } catch (final IOException e) {
      return e.getMessage();
    } finally {
      LockSupport.parkNanos(WARM_UP.toNanos());
    }
  }

  @Override
  public void close() throws IOException {
    load.close();
    vm.end();
  }

  private final class RedisWatch implements Watch {
    private final double undisturbed;
    private final Histogram before;
    private final WorkTimeline timeline = new WorkTimeline(load::answered);
    private RunStateTimes times;
    private Thread atResume;

    RedisWatch(final double undisturbed, final Histogram before) {
      this.undisturbed = undisturbed;
      this.before = before;
    }

    @Override
    public void onBegin(final GuestSide source, final GuestSide destination) throws IOException {
      times = destination.times();
      network.awaitForwarding(newestTap);
      atResume = new Thread(this::forgetLatencies, "at-resume");
      atResume.setDaemon(true);
      atResume.start();
      timeline.onBegin(source, destination);
    }

    /** What was answered before the guest resumed counts no more. */
    private void forgetLatencies() {
      times.awaitResumeMicros(TIMEOUT_MS);
      load.takeLatencies();
    }

    @Override
    public void onEnd(final GuestSide source) throws IOException {
      tap = newestTap;
      timeline.onEnd(source);
    }

    @Override
    public Seen addTo(final Rounds rounds) throws IOException {
      load.requireNoFailure();
      final Progress progress = timeline.progress();
      final Histogram after = load.takeLatencies();
      rounds.add(Figure.REQUEST_BEFORE_P50.label(), before.getValueAtPercentile(50) / 1e3);
      rounds.add(Figure.REQUEST_BEFORE_P99.label(), before.getValueAtPercentile(99) / 1e3);
      rounds.add(Figure.REQUEST_P50.label(), after.getValueAtPercentile(50) / 1e3);
      rounds.add(Figure.REQUEST_P99.label(), after.getValueAtPercentile(99) / 1e3);
      rounds.add(Figure.REQUEST_MAX.label(), after.getMaxValue() / 1e3);
      rounds.add(Figure.UNDISTURBED.label(), undisturbed);
      final double first = progress.workAfterResume(1_000_000);
      rounds.add(Figure.FIRST_SECOND.label(), first);
      rounds.add(Figure.FIRST_SECOND_PERCENT.label(), 100 * first / undisturbed);
      return new Seen(progress, null);
    }

    @Override
    public void close() throws IOException {
      timeline.close();
    }
  }
}
