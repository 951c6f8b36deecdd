package io.farpage.vmm;

import java.util.List;

/**
 * A running virtual machine monitor that Farpage is attached to.
 *
 * <p>{@link #close} detaches: the VMM and its guest go on as they are.
 */
public interface Vmm extends AutoCloseable {
  /** The process that maps the guest's RAM. */
  int pid();

  /** What to call this VM in messages: its own name when it has one. */
  String name();

  /** All of the guest's RAM, by ascending id; found once, when Farpage attached. */
  List<RamRegion> ram();

  @Override
  void close();
}
