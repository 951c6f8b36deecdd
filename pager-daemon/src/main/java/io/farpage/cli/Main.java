package io.farpage.cli;

import io.farpage.FarpageVersion;
import io.farpage.migration.Outcome;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/** The program's entry: parses the command line and ends with the contract's exit codes. */
@Command(
    name = "farpage",
    description = "Moves a running QEMU guest and lets it run before its memory has arrived.",
    mixinStandardHelpOptions = true,
    version = "farpage " + FarpageVersion.VERSION)
public final class Main implements Runnable {
  private static final Map<String, Supplier<Object>> COMMANDS = commands();

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  private Main() {}

  /** Runs the program and ends the Java machine. */
  public static void main(final String[] args) {
    if (args.length > 0 && List.of("source", "dest").contains(args[0])) {
      Preload.begin();
    }
    System.exit(run(args));
  }

  /** Runs the program and returns its exit code. */
  public static int run(final String... args) {
    final CommandLine commandLine = commandLine(args);
    commandLine.setParameterExceptionHandler(Main::onBadUsage);
    commandLine.setExecutionExceptionHandler(
        (exception, command, parsed) -> {
          command.getErr().println("farpage: " + oneLine(exception));
          return Outcome.FAILED.exitCode();
        });
    return commandLine.execute(args);
  }

  private static Map<String, Supplier<Object>> commands() {
    final Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
    commands.put("doctor", DoctorCommand::new);
    commands.put("source", SourceCommand::new);
    commands.put("dest", DestCommand::new);
    commands.put("ctl", CtlCommand::new);
    commands.put("demo", DemoCommand::new);
    return commands;
  }

  /** With the one command that is meant, if it is plain which: each takes time to look at. */
  private static CommandLine commandLine(final String... args) {
    final CommandLine commandLine = new CommandLine(new Main());
    final String meant = args.length > 0 && COMMANDS.containsKey(args[0]) ? args[0] : null;
    COMMANDS.forEach(
        (name, command) -> {
          if (meant == null || meant.equals(name)) {
            commandLine.addSubcommand(name, command.get());
          }
        });
    return commandLine;
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
