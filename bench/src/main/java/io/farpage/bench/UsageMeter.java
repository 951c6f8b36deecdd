package io.farpage.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What both QEMUs and the daemons use while a guest is moved, looked at every 20 ms. */
final class UsageMeter implements MoveObserver, AutoCloseable {
  private static final long INTERVAL_NS = 20_000_000;

  private final Thread sampler = new Thread(this::sample, "usage-meter");
  private final List<Qemu> qemus = new ArrayList<>();
  private final Map<Long, Double> daemonSeconds = new HashMap<>();
  private volatile boolean ended;
  private long mostQemuBytes;
  private long mostDaemonBytes;

  /** One QEMU. */
  private static final class Qemu {
    private final long pid;
    private final List<Long> vcpuThreads = new ArrayList<>();
    private final double before;
    private double last;

    Qemu(final GuestSide side) throws IOException {
      pid = side.qemu().pid();
      for (final JsonNode vcpu : side.qmp().execute("query-cpus-fast")) {
        vcpuThreads.add(vcpu.path("thread-id").asLong());
      }
      before = seconds();
      last = before;
    }

    private double seconds() throws IOException {
      double seconds = ProcessUsage.cpuSeconds(pid);
      for (final long thread : vcpuThreads) {
        seconds -= ProcessUsage.cpuSeconds(pid, thread);
      }
      return seconds;
    }
  }

  UsageMeter() {
    sampler.setDaemon(true);
  }

  @Override
  public void onBegin(final GuestSide source, final GuestSide destination) throws IOException {
    qemus.add(new Qemu(source));
    qemus.add(new Qemu(destination));
    sampler.start();
  }

  @Override
  public synchronized void onDaemon(final ProcessHandle daemon) {
    daemonSeconds.put(daemon.pid(), 0.0);
  }

  private void sample() {
    final LookPause look = new LookPause(INTERVAL_NS);
    while (!ended) {
      look();
      look.pause();
    }
  }

  private synchronized void look() {
    long qemuBytes = 0;
    for (final Qemu qemu : qemus) {
      try {
        qemu.last = qemu.seconds();
        qemuBytes += ProcessUsage.residentBytes(qemu.pid);
      } catch (final IOException e) {
        continue; // it has ended: the last look counts
      }
    }
    long daemonBytes = 0;
    for (final Map.Entry<Long, Double> daemon : daemonSeconds.entrySet()) {
      try {
        daemon.setValue(Math.max(daemon.getValue(), ProcessUsage.cpuSeconds(daemon.getKey())));
        daemonBytes += ProcessUsage.residentBytes(daemon.getKey());
      } catch (final IOException e) {
        continue; // as above
      }
    }
    mostQemuBytes = Math.max(mostQemuBytes, qemuBytes);
    mostDaemonBytes = Math.max(mostDaemonBytes, daemonBytes);
  }

  @Override
  public void onEnd(final GuestSide source) {
    look();
    close();
  }

  /** Adds what was seen, once all is done. */
  void addTo(final Rounds rounds) {
    rounds.add(
        Figure.QEMU_CPU.label(), qemus.stream().mapToDouble(qemu -> qemu.last - qemu.before).sum());
    rounds.add(
        Figure.DAEMON_CPU.label(),
        daemonSeconds.values().stream().mapToDouble(Double::doubleValue).sum());
    rounds.add(Figure.QEMU_RESIDENT.label(), mostQemuBytes / 1e6);
    rounds.add(Figure.DAEMON_RESIDENT.label(), mostDaemonBytes / 1e6);
  }

  @Override
  public void close() {
    ended = true;
    try {
      sampler.join();
    } catch (final InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
