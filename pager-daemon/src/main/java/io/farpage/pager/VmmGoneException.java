package io.farpage.pager;

import java.io.IOException;

/** The VMM's address space is gone: its process has ended or is ending. */
public final class VmmGoneException extends IOException {
  private static final long serialVersionUID = 1L;

  VmmGoneException() {
    super("the VMM's address space is gone: its process has ended");
  }
}
