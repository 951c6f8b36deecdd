package io.farpage.bench;

import io.farpage.guest.QemuProcess;
import io.farpage.qmp.QmpClient;

/**
 * A QEMU that a guest leaves or comes to.
 *
 * @param qemu the process
 * @param qmp a monitor of it that no daemon uses
 * @param times when the guest stopped and resumed in it
 */
record GuestSide(QemuProcess qemu, QmpClient qmp, RunStateTimes times) {}
