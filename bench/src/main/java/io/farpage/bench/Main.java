package io.farpage.bench;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/** {@code farpage bench}: lists or runs the measurements. */
@Command(
    name = "farpage bench",
    description = "Measures migrations on this machine.",
    mixinStandardHelpOptions = true,
    subcommands = {
      BandwidthCommand.class,
      BulkCommand.class,
      CompareCommand.class,
      ConvergenceCommand.class,
      DowntimeCommand.class,
      FaultCommand.class,
      GrowthCommand.class,
      HybridCommand.class,
      JmhCommand.class,
      PoliciesCommand.class,
      RdmaCommand.class,
      RecordCommand.class,
      SoakCommand.class,
      StartupCommand.class,
      ThreadsCommand.class,
      TrackingCommand.class
    })
public final class Main implements Runnable {
  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  private Main() {}

  /** Runs a measurement and ends the Java machine. */
  public static void main(final String[] args) {
    final CommandLine commandLine = new CommandLine(new Main());
    commandLine.setParameterExceptionHandler(Main::onBadUsage);
    commandLine.setExecutionExceptionHandler(
        (exception, command, parsed) -> {
          command.getErr().println("farpage bench: " + exception.getMessage());
          return 1;
        });
    System.exit(commandLine.execute(args));
  }

  private static int onBadUsage(final ParameterException exception, final String[] args) {
    final CommandLine command = exception.getCommandLine();
    command
        .getErr()
        .println(
            "farpage bench: "
                + exception.getMessage().replace('\n', ' ')
                + "; see `"
                + command.getCommandSpec().qualifiedName()
                + " --help`");
    return 2;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "which measurement?");
  }
}
