package io.farpage.vmm;

import com.fasterxml.jackson.databind.JsonNode;
import io.farpage.qmp.QmpClient;
import io.farpage.vmm.VmmException.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * QEMU's migration capabilities and parameters as Farpage needs them, and the way back.
 *
 * <p>What was set before is remembered by {@link #applyToSource} and {@link #applyToDestination}
 * and put back by {@link #restore}, exactly: a setting that already is as Farpage needs it is never
 * written. Settings that this QEMU does not know are left out. Not thread-safe.
 */
public final class MigrationSettings {
  /**
   * As libvirt does for "as fast as possible": the largest whole number of MiB in 63 bits. The
   * stream goes through a local socket and is small; Farpage limits its own bandwidth.
   */
  private static final long UNLIMITED_BANDWIDTH = (Long.MAX_VALUE >> 20) << 20;

  /** QEMU's own default; a smaller one could keep it from ever entering the switchover. */
  private static final long MIN_DOWNTIME_LIMIT_MS = 300;

  private static final Set<String> SOURCE_NEEDS =
      Set.of("x-ignore-shared", "events", "pause-before-switchover");
  private static final Set<String> DESTINATION_NEEDS = Set.of("x-ignore-shared", "events");

  /**
   * What QEMU refuses together with those, or what would send or free RAM that is Farpage's to
   * move.
   */
  private static final Set<String> CONFLICTS =
      Set.of(
          "auto-converge",
          "background-snapshot",
          "block",
          "compress",
          "dirty-limit",
          "mapped-ram",
          "multifd",
          "postcopy-blocktime",
          "postcopy-preempt",
          "postcopy-ram",
          "rdma-pin-all",
          "release-ram",
          "return-path",
          "switchover-ack",
          "x-colo",
          "xbzrle",
          "zero-copy-send");

  private final QmpClient qmp;
  private final Map<String, Boolean> oldCapabilities = new LinkedHashMap<>();
  private final Map<String, JsonNode> oldParameters = new LinkedHashMap<>();

  private MigrationSettings(QmpClient qmp) {
    this.qmp = qmp;
  }

  /**
   * Prepares the QEMU that a guest leaves.
   *
   * @throws VmmException when this QEMU lacks a capability that Farpage needs
   */
  public static MigrationSettings applyToSource(QmpClient qmp) {
    return apply(qmp, SOURCE_NEEDS);
  }

  /**
   * Prepares the QEMU that a guest comes to.
   *
   * @throws VmmException when this QEMU lacks a capability that Farpage needs
   */
  public static MigrationSettings applyToDestination(QmpClient qmp) {
    return apply(qmp, DESTINATION_NEEDS);
  }

  /**
   * Puts back every setting that was changed. QEMU refuses that while a migration is under way; it
   * can be tried again.
   */
  public void restore() {
    // The reverse of the order of applying: QEMU checks capabilities against the parameters that
    // are set.
    if (!oldParameters.isEmpty()) {
      qmp.execute("migrate-set-parameters", oldParameters);
      oldParameters.clear();
    }
    if (!oldCapabilities.isEmpty()) {
      setCapabilities(qmp, oldCapabilities);
      oldCapabilities.clear();
    }
  }

  private static MigrationSettings apply(QmpClient qmp, Set<String> needs) {
    MigrationSettings settings = new MigrationSettings(qmp);
    settings.applyCapabilities(needs);
    try {
      settings.applyParameters();
    } catch (RuntimeException e) {
      try {
        settings.restore();
      } catch (RuntimeException restoring) {
        e.addSuppressed(restoring);
      }
      throw e;
    }
    return settings;
  }

  private void applyCapabilities(Set<String> needs) {
    Map<String, Boolean> current = new LinkedHashMap<>();
    for (JsonNode entry : qmp.execute("query-migrate-capabilities")) {
      current.put(entry.path("capability").asText(), entry.path("state").asBoolean());
    }
    Map<String, Boolean> changes = new LinkedHashMap<>();
    for (String name : needs) {
      if (!current.containsKey(name)) {
        throw new VmmException(
            Problem.UNSUPPORTED_VERSION,
            "QEMU "
                + qmp.version()
                + " has no migration capability '"
                + name
                + "'; Farpage needs QEMU 7.2 or newer");
      }
      changes.put(name, true);
    }
    CONFLICTS.forEach(name -> changes.put(name, false));
    // Only what QEMU knows and has otherwise. All in one command: it checks the outcome, not the
    // order.
    changes
        .entrySet()
        .removeIf(
            change ->
                current.getOrDefault(change.getKey(), change.getValue()).equals(change.getValue()));
    if (changes.isEmpty()) {
      return;
    }
    setCapabilities(qmp, changes);
    changes.keySet().forEach(name -> oldCapabilities.put(name, current.get(name)));
  }

  private void applyParameters() {
    JsonNode current = qmp.execute("query-migrate-parameters");
    Map<String, Object> changes = new LinkedHashMap<>();
    if (current.path("max-bandwidth").asLong(UNLIMITED_BANDWIDTH) != UNLIMITED_BANDWIDTH) {
      changes.put("max-bandwidth", UNLIMITED_BANDWIDTH);
    }
    if (current.path("downtime-limit").asLong(MIN_DOWNTIME_LIMIT_MS) < MIN_DOWNTIME_LIMIT_MS) {
      changes.put("downtime-limit", MIN_DOWNTIME_LIMIT_MS);
    }
    if (!current.path("tls-creds").asText("").isEmpty()) {
      // QEMU's stream stays on this host, inside Farpage's connection, which has its own TLS.
      changes.put("tls-creds", "");
    }
    if (!current.path("mode").asText("normal").equals("normal")) {
      changes.put("mode", "normal");
    }
    if (current.path("direct-io").asBoolean(false)) {
      changes.put("direct-io", false);
    }
    if (changes.isEmpty()) {
      return;
    }
    qmp.execute("migrate-set-parameters", changes);
    changes.keySet().forEach(name -> oldParameters.put(name, current.get(name)));
  }

  private static void setCapabilities(QmpClient qmp, Map<String, Boolean> states) {
    List<Map<String, Object>> list = new ArrayList<>();
    states.forEach((name, state) -> list.add(Map.of("capability", name, "state", state)));
    qmp.execute("migrate-set-capabilities", Map.of("capabilities", list));
  }
}
