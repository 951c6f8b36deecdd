package io.farpage.cli;

import io.farpage.FarpageVersion;
import io.farpage.migration.Outcome;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
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
  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  private Main() {}

  /** Runs the program and ends the Java machine. */
  public static void main(final String[] args) {
    final String command = args.length > 0 ? args[0] : "";
    if (command.equals("source") || command.equals("dest")) {
      Preload.begin();
    }
    if (command.equals("source")) {
      Preload.beginFrames();
    }
    final int exitCode = run(args);
    Preload.end();
    System.exit(exitCode);
  }

  /** Runs the program and returns its exit code. */
  public static int run(final String... args) {
    final Callable<Integer> plain = plain(args);
    if (plain != null) {
      try {
        return plain.call();
      } catch (final Exception e) {
        System.err.println("farpage: " + oneLine(e));
        return Outcome.FAILED.exitCode();
      }
    }
    final CommandLine commandLine = commandLine(args);
    commandLine.setParameterExceptionHandler(Main::onBadUsage);
    commandLine.setExecutionExceptionHandler(
        (exception, command, parsed) -> {
          command.getErr().println("farpage: " + oneLine(exception));
          return Outcome.FAILED.exitCode();
        });
    return commandLine.execute(args);
  }

  /** Returns the command of a daemon whose command line needs no picocli, else null. */
  static Callable<Integer> plain(final String... args) {
    switch (args.length > 0 ? args[0] : "") {
      case "source" -> {
        final SourceCommand source = new SourceCommand();
        return PlainArguments.read(args, 1, source) ? source : null;
      }
      case "dest" -> {
        final DestCommand dest = new DestCommand();
        return PlainArguments.read(args, 1, dest) ? dest : null;
      }
      default -> {
        return null;
      }
    }
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
    final Map<String, Supplier<Object>> commands = commands();
    final String meant = args.length > 0 && commands.containsKey(args[0]) ? args[0] : null;
    commands.forEach(
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
