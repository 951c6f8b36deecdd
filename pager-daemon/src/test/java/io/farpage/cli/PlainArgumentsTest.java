package io.farpage.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** What is read without picocli is read as picocli does. */
class PlainArgumentsTest {
  @Test
  void everyOptionOfDestIsReadAsPicocliDoes() throws IllegalAccessException {
    everyOption(DestCommand.class, "dest", "--qmp=/q", "--source=h:1");
  }

  @Test
  void everyOptionOfSourceIsReadAsPicocliDoes() throws IllegalAccessException {
    everyOption(SourceCommand.class, "source", "--qmp=/q", "--listen=h:1");
  }

  private static void everyOption(final Class<?> command, final String... required)
      throws IllegalAccessException {
    assertSame(command, List.of(required));
    for (final OptionSpec option : spec(command)) {
      final String value = valueFor(option);
      final List<String> args = new ArrayList<>(List.of(required));
      args.removeIf(arg -> arg.startsWith(option.longestName() + "="));
      args.add(option.longestName() + (value.isEmpty() ? "" : "=" + value));
      assertSame(command, args);
      if (!value.isEmpty()) {
        args.remove(args.size() - 1);
        args.add(option.longestName());
        args.add(value);
        assertSame(command, args);
      }
    }
  }

  private static List<OptionSpec> spec(final Class<?> command) {
    return new CommandLine(newCommand(command))
        .getCommandSpec().options().stream()
            .filter(o -> !o.usageHelp() && !o.versionHelp())
            .toList();
  }

  private static String valueFor(final OptionSpec option) {
    if (option.arity().max() == 0) {
      return "";
    }
    return Number.class.isAssignableFrom(option.type()) || option.type() == double.class
        ? "7"
        : "some=value";
  }

  private static void assertSame(final Class<?> command, final List<String> args)
      throws IllegalAccessException {
    final String[] all = args.toArray(new String[0]);
    final Object plain = Main.plain(all);
    assertNotNull(plain, () -> "left to picocli: " + args);
    final Object expected = newCommand(command);
    new CommandLine(expected).parseArgs(args.subList(1, args.size()).toArray(new String[0]));
    assertEquals(fields(expected), fields(plain), () -> args.toString());
  }

  private static Object newCommand(final Class<?> command) {
    return command == DestCommand.class ? new DestCommand() : new SourceCommand();
  }

  /** All fields, those of the objects of this package by their own fields. */
  private static Map<String, String> fields(final Object object) throws IllegalAccessException {
    final Map<String, String> values = new TreeMap<>();
    for (final Field field : object.getClass().getDeclaredFields()) {
      field.setAccessible(true);
      final Object value = field.get(object);
      values.put(
          field.getName(),
          value != null && value.getClass().getPackage() == PlainArgumentsTest.class.getPackage()
              ? fields(value).toString()
              : String.valueOf(value));
    }
    return values;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dest",
        "dest --help",
        "dest -h",
        "dest --qmp=/q",
        "dest --qmp=/q --source",
        "dest --qmp=/q --source=",
        "dest --qmp=/q --source --json",
        "dest --qmp=/q --source=a:1 --source=b:1",
        "dest --qmp=/q --source=a:1 --json=true",
        "dest --qmp=/q --source=a:1 --json --json",
        "dest --qmp=/q --source=a:1 --unknown",
        "dest --qmp=/q --source=a:1 more",
        "dest --qmp=/q --source=a:1 @more",
        "dest --qmp=/q --source=a:1 --",
        "dest --qmp=/q --source=a:1 --pid=0x10",
        "dest --qmp=/q --source=a:1 --pid=12345678901",
        "dest --qmp=/q --source=a:1 --pid=-1",
        "dest --qmp=/q --source=a:1 --warmup-time=1.5",
        "dest --qmp=/q --source=a:1 --control=\"/c\"",
        "dest --qmp=/q --source=a:1 --insecure --tls-creds=/t",
        "source --qmp=/q --source=a:1",
        "doctor",
        "--help"
      })
  void whatIsWrongOrRareIsLeftToPicocli(final String line) {
    assertNull(Main.plain(line.split(" ")));
  }
}
