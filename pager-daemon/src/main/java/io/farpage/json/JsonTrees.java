package io.farpage.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.Map;

/**
 * Turns text into trees and trees into text.
 *
 * <p>Without an {@code ObjectMapper}: to make the first one takes longer than it takes a daemon to
 * be connected. Thread-safe.
 */
public final class JsonTrees {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final JsonFactory factory;

  /** Reads texts whose strings have at most so many characters. */
  public JsonTrees(final int maxStringLength) {
    factory =
        JsonFactory.builder()
            .streamReadConstraints(
                StreamReadConstraints.builder().maxStringLength(maxStringLength).build())
            .build();
  }

  /** Reads texts with Jackson's own limits. */
  public JsonTrees() {
    factory = new JsonFactory();
  }

  /** Returns an empty object. */
  public static ObjectNode object() {
    return NODES.objectNode();
  }

  /**
   * Reads one value; what follows it is not looked at.
   *
   * @return the value; a missing node for an empty text
   * @throws com.fasterxml.jackson.core.JsonProcessingException when the text is no JSON
   */
  public JsonNode read(final String text) throws IOException {
    try (JsonParser parser = factory.createParser(text)) {
      return parser.nextToken() == null ? NODES.missingNode() : value(parser);
    }
  }

  private static JsonNode value(final JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        final ObjectNode object = NODES.objectNode();
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
          parser.nextToken();
          object.set(name, value(parser));
        }
        yield object;
      }
      case START_ARRAY -> {
        final ArrayNode array = NODES.arrayNode();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          array.add(value(parser));
        }
        yield array;
      }
      case VALUE_STRING -> NODES.textNode(parser.getText());
      case VALUE_NUMBER_INT ->
          switch (parser.getNumberType()) {
            case INT -> NODES.numberNode(parser.getIntValue());
            case LONG -> NODES.numberNode(parser.getLongValue());
            default -> NODES.numberNode(parser.getBigIntegerValue());
          };
      case VALUE_NUMBER_FLOAT -> NODES.numberNode(parser.getDoubleValue());
      case VALUE_TRUE -> NODES.booleanNode(true);
      case VALUE_FALSE -> NODES.booleanNode(false);
      case VALUE_NULL -> NODES.nullNode();
      default -> throw new IllegalStateException("token " + parser.currentToken());
    };
  }

  /** Returns a tree's text, on one line. */
  public String write(final JsonNode tree) {
    final StringWriter text = new StringWriter();
    try (JsonGenerator generator = factory.createGenerator(text)) {
      write(generator, tree);
    } catch (final IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  private static void write(final JsonGenerator generator, final JsonNode tree) throws IOException {
    switch (tree.getNodeType()) {
      case OBJECT -> {
        generator.writeStartObject();
        for (final Map.Entry<String, JsonNode> field : tree.properties()) {
          generator.writeFieldName(field.getKey());
          write(generator, field.getValue());
        }
        generator.writeEndObject();
      }
      case ARRAY -> {
        generator.writeStartArray();
        for (final JsonNode element : tree) {
          write(generator, element);
        }
        generator.writeEndArray();
      }
      case STRING -> generator.writeString(tree.textValue());
      case BOOLEAN -> generator.writeBoolean(tree.booleanValue());
      case NUMBER -> {
        if (tree.isFloatingPointNumber()) {
          generator.writeNumber(tree.doubleValue());
        } else if (tree.canConvertToLong()) {
          generator.writeNumber(tree.longValue());
        } else {
          generator.writeNumber(tree.bigIntegerValue());
        }
      }
      case NULL -> generator.writeNull();
      default -> throw new IllegalArgumentException("no JSON for " + tree.getNodeType());
    }
  }

  /**
   * Makes a tree.
   *
   * @param value null, a string, a number, a boolean, a tree, or a map or a collection of these
   */
  public static JsonNode of(final Object value) {
    if (value == null) {
      return NODES.nullNode();
    }
    if (value instanceof JsonNode tree) {
      return tree;
    }
    if (value instanceof Map<?, ?> map) {
      final ObjectNode object = NODES.objectNode();
      for (final Map.Entry<?, ?> entry : map.entrySet()) {
        object.set(entry.getKey().toString(), of(entry.getValue()));
      }
      return object;
    }
    if (value instanceof Collection<?> collection) {
      final ArrayNode array = NODES.arrayNode();
      for (final Object element : collection) {
        array.add(of(element));
      }
      return array;
    }
    if (value instanceof Boolean truth) {
      return NODES.booleanNode(truth);
    }
    if (value instanceof Double || value instanceof Float) {
      return NODES.numberNode(((Number) value).doubleValue());
    }
    if (value instanceof Integer number) {
      return NODES.numberNode(number.intValue());
    }
    if (value instanceof Number number) {
      return NODES.numberNode(number.longValue());
    }
    if (value instanceof String text) {
      return NODES.textNode(text);
    }
    throw new IllegalArgumentException("no JSON for " + value.getClass());
  }
}
