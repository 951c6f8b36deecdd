package io.farpage.cli;

import io.farpage.FarpageVersion;
import io.farpage.migration.Outcome;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/** The program's entry: parses the command line and ends with the contract's exit codes. */
@Command(
    name = "farpage",
    description = "Moves a running QEMU guest and lets it run before its memory has arrived.",
    mixinStandardHelpOptions = true,
    version = "farpage " + FarpageVersion.VERSION,
    subcommands = {
      DoctorCommand.class,
      SourceCommand.class,
      DestCommand.class,
      CtlCommand.class,
      DemoCommand.class
    })
public final class Main implements Runnable {
  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  private Main() {}

  /** Runs the program and ends the Java machine. */
  public static void main(final String[] args) {
    System.exit(run(args));
  }

  /** Runs the program and returns its exit code. */
  public static int run(final String... args) {
    final CommandLine commandLine = new CommandLine(new Main());
    commandLine.setParameterExceptionHandler(Main::onBadUsage);
    commandLine.setExecutionExceptionHandler(
        (exception, command, parsed) -> {
          command.getErr().println("farpage: " + oneLine(exception));
          return Outcome.FAILED.exitCode();
        });
    return commandLine.execute(args);
  }

  private static int onBadUsage(final ParameterException exception, final String[] args) {
    final PrintWriter err = exception.getCommandLine().getErr();
    err.println(
        "farpage: "
            + oneLine(exception).replaceFirst("^Error: ", "")
            + "; see `"
            + exception.getCommandLine().getCommandSpec().qualifiedName()
            + " --help`");
    return Outcome.REFUSED.exitCode();
  }

  static String oneLine(final Throwable thrown) {
    final String message = thrown.getMessage() == null ? thrown.toString() : thrown.getMessage();
    return message.replace('\n', ' ');
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "which command?");
  }
}
