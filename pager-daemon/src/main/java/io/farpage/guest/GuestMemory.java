package io.farpage.guest;

import java.nio.ByteBuffer;

/** A guest's RAM by guest physical address. Addresses that no RAM stands behind are refused. */
public interface GuestMemory {
  /** How much RAM the guest has. */
  long ramBytes();

  /** Fills what remains of {@code into} from consecutive guest physical addresses. */
  void read(long gpa, ByteBuffer into);

  /** The little-endian 32-bit word at {@code gpa}. */
  int getInt(long gpa);
}
