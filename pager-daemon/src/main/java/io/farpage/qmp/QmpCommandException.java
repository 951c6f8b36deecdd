package io.farpage.qmp;

/** QEMU answered a command with an error. Nothing else is wrong: the connection stays usable. */
public final class QmpCommandException extends QmpException {
  private final String command;
  private final String errorClass;
  private final String description;

  public QmpCommandException(String command, String errorClass, String description) {
    super("QEMU refused '" + command + "': " + description + " (" + errorClass + ")");
    this.command = command;
    this.errorClass = errorClass;
    this.description = description;
  }

  /** The command that was refused, such as {@code migrate}. */
  public String command() {
    return command;
  }

  /** QEMU's error class: nearly always {@code GenericError}, or {@code CommandNotFound}. */
  public String errorClass() {
    return errorClass;
  }

  /** QEMU's own words. */
  public String description() {
    return description;
  }

  /** Whether this QEMU does not have the command at all (another version, or built without it). */
  public boolean isCommandNotFound() {
    return "CommandNotFound".equals(errorClass);
  }
}
