package io.farpage.bench;

/** The least that a Java program does. */
final class HelloWorld {
  private HelloWorld() {}

  /** Says hello. */
  public static void main(final String[] arguments) {
    System.out.println("hello");
  }
}
