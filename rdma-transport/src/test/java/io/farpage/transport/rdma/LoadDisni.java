package io.farpage.transport.rdma;

import com.ibm.disni.verbs.RdmaVerbs;

/** Loads the library and says what came of it, for {@link DisniLibraryTest}. */
final class LoadDisni {
  private LoadDisni() {}

  /** Takes no arguments. */
  public static void main(String[] arguments) {
    try {
      DisniLibrary.load();
      System.out.println(DisniLibrary.describe());
      System.out.println("version " + RdmaVerbs.getVersion());
      System.out.println(VerbsExtras.openObjects() + " objects");
    } catch (RdmaUnavailableException | UnsupportedOperationException e) {
      System.out.println(e.getMessage());
    }
  }
}
