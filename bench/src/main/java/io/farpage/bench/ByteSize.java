package io.farpage.bench;

import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads sizes such as 256M and 6G. */
final class ByteSize implements ITypeConverter<Long> {
  @Override
  public Long convert(final String text) {
    final int shift = "KMG".indexOf(text.toUpperCase(Locale.ROOT).charAt(text.length() - 1));
    try {
      return shift < 0
          ? Long.parseLong(text)
          : Long.parseLong(text.substring(0, text.length() - 1)) << (10 * (shift + 1));
    } catch (final NumberFormatException e) {
      throw new TypeConversionException("'" + text + "' is no size; examples: 256M, 6G");
    }
  }
}
