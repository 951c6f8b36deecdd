package io.farpage.bench;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads rates as {@code tc} has them, 1Gbit and 100Mbit, as bytes a second. */
final class LinkRate implements ITypeConverter<Long> {
  private static final Pattern RATE = Pattern.compile("([1-9][0-9]{0,8})([kmg]?)bit");

  @Override
  public Long convert(final String text) {
    final Matcher matcher = RATE.matcher(text.toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new TypeConversionException("'" + text + "' is no rate; examples: 1Gbit, 100Mbit");
    }
    final long unit =
        switch (matcher.group(2)) {
          case "k" -> 1_000L;
          case "m" -> 1_000_000L;
          case "g" -> 1_000_000_000L;
          default -> 1L;
        };
    return Math.max(1, Long.parseLong(matcher.group(1)) * unit / 8);
  }
}
