package io.farpage.bench;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/** {@code farpage bench}: lists or runs the measurements. */
@Command(
    name = "farpage bench",
    description = "Measures migrations on this machine.",
    mixinStandardHelpOptions = true,
    subcommands = {DowntimeCommand.class, RdmaCommand.class, SoakCommand.class})
public final class Main implements Runnable {
  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  private Main() {}

  /** Runs a measurement and ends the Java machine. */
  public static void main(final String[] args) {
    final CommandLine commandLine = new CommandLine(new Main());
    commandLine.setExecutionExceptionHandler(
        (exception, command, parsed) -> {
          command.getErr().println("farpage bench: " + exception.getMessage());
          return 1;
        });
    System.exit(commandLine.execute(args));
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "which measurement?");
  }
}
