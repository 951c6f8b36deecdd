package io.farpage.bench;

import io.farpage.cli.ByteCount;
import io.farpage.migration.MigrationException;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads sizes such as 256M and 6G. */
final class ByteSize implements ITypeConverter<Long> {
  @Override
  public Long convert(final String text) {
    try {
      return ByteCount.parse("size", text);
    } catch (final MigrationException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
