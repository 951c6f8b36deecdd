package io.farpage.bench;

/** What is measured of each migration that is compared; the labels are the names in JSON. */
enum Figure {
  DOWNTIME("downtime-ms", "downtime, ms", "%.1f", "from QEMU's event STOP on the source to RESUME"),
  TOTAL(
      "total-ms",
      "total, ms",
      "%.0f",
      "from the start until the destination has all memory; QEMU: from the command `migrate`,"
          + " Farpage: from the connection of its daemons, which have been started before"),
  POSTCOPY(
      "postcopy-ms",
      "  of it post-copy, ms",
      "%.0f",
      "from RESUME until the destination has all memory; 0 in pre-copy"),
  EVICTION(
      "eviction-ms",
      "source free after, ms",
      "%.0f",
      "from the same start until the source's memory is not needed any more; QEMU: the source says"
          + " completed, Farpage: the source's QEMU has ended"),
  FAULTS(
      "faults",
      "touches that waited",
      "%.0f",
      "touches of pages, as the guest timed them, that took longer than fault-threshold-us; from"
          + " RESUME until the destination has all memory"),
  FAULT_P50("fault-p50-us", "  p50, us", "%.1f", "their median"),
  FAULT_P90("fault-p90-us", "  p90, us", "%.1f", "nine of ten took no longer"),
  FAULT_P99("fault-p99-us", "  p99, us", "%.1f", "99 of 100 took no longer"),
  FAULT_MAX("fault-max-us", "  longest, us", "%.0f", "the longest one"),
  FAULT_SUM("fault-sum-ms", "  all together, ms", "%.0f", "time lost in all of them"),
  REQUEST_BEFORE_P50(
      "request-before-p50-us",
      "request before, p50, us",
      "%.0f",
      "latency of requests to the guest's server, not disturbed: the median"),
  REQUEST_BEFORE_P99("request-before-p99-us", "  p99, us", "%.0f", "of these, 99 of 100"),
  REQUEST_P50(
      "request-p50-us",
      "request after, p50, us",
      "%.0f",
      "the same from RESUME until the destination has all memory, and for 1.2 s at least; requests"
          + " that the move has interrupted are among them"),
  REQUEST_P99("request-p99-us", "  p99, us", "%.0f", "of these, 99 of 100"),
  REQUEST_MAX("request-max-us", "  longest, us", "%.0f", "of these, the longest"),
  UNDISTURBED("undisturbed-per-s", "work a second before", "%.0f", "work a second, not disturbed"),
  FIRST_SECOND(
      "first-second", "work in the first second", "%.0f", "work in the first second after RESUME"),
  FIRST_SECOND_PERCENT(
      "first-second-percent", "  % of undisturbed", "%.1f", "the same, of undisturbed"),
  SENT("sent-mb", "MB sent", "%.0f", "memory and device state sent, as the migration says itself"),
  LINK("link-mb", "MB on the link", "%.0f", "bytes on the link, both directions, with headers"),
  QEMU_CPU(
      "qemu-cpu-s",
      "CPU s, both QEMUs",
      "%.2f",
      "processor time of both QEMUs without that of their vCPU threads"),
  DAEMON_CPU(
      "daemon-cpu-s",
      "CPU s, both daemons",
      "%.2f",
      "processor time of both daemons, the start of their Java machines included"),
  QEMU_RESIDENT(
      "qemu-resident-mb",
      "resident MB, QEMUs",
      "%.0f",
      "most resident memory of both QEMUs at a time, without shared memory, and so without RAM"),
  DAEMON_RESIDENT("daemon-resident-mb", "resident MB, daemons", "%.0f", "the same of both daemons");

  private final String label;
  private final String text;
  private final String format;
  private final String meaning;

  Figure(final String label, final String text, final String format, final String meaning) {
    this.label = label;
    this.text = text;
    this.format = format;
    this.meaning = meaning;
  }

  /** Returns its name in JSON. */
  String label() {
    return label;
  }

  /** Returns its name in tables, with the unit. */
  String text() {
    return text;
  }

  /** Returns how it is printed. */
  String format() {
    return format;
  }

  /** Returns what it is, for readers of JSON. */
  String meaning() {
    return meaning;
  }
}
