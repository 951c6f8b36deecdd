package io.farpage.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same trees and texts as those of an object mapper. */
class JsonTreesTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final JsonTrees json = new JsonTrees();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "null",
        " {\"a\": [1, -2.5, 1e300, true, false, null, \"\\u00e4\\n\\\"\"], \"b\": {\"c\": {}}}",
        "[2147483647, 2147483648, 9223372036854775808, 18446744073709551615]",
        "{\"twice\": 1, \"twice\": 2}",
        "\"text\"",
        "{} {}"
      })
  void readsAndWritesWhatAnObjectMapperDoes(final String text) throws IOException {
    final JsonNode expected = MAPPER.readTree(text);
    final JsonNode tree = json.read(text);
    assertEquals(expected, tree);
    assertEquals(MAPPER.writeValueAsString(expected), json.write(tree));
  }

  @Test
  void anEmptyTextIsAMissingNode() throws IOException {
    assertTrue(json.read("").isMissingNode());
    assertTrue(json.read(" ").path("x").isMissingNode());
  }

  @ParameterizedTest
  @ValueSource(strings = {"{", "[1,", "{\"a\"", "{\"a\":}", "]", "hello", "\"open", "[1}"})
  void whatIsNoJsonIsRefused(final String text) {
    assertThrows(JsonProcessingException.class, () -> json.read(text));
  }

  @Test
  void aStringThatIsTooLongIsRefused() {
    final JsonTrees strict = new JsonTrees(10);
    assertThrows(JsonProcessingException.class, () -> strict.read("\"12345678901\""));
  }

  @Test
  void makesTreesAsAnObjectMapperDoes() {
    final Map<String, Object> value = new LinkedHashMap<>();
    value.put("text", "x");
    value.put("int", 1);
    value.put("long", 1L << 40);
    value.put("double", 0.5);
    value.put("truth", true);
    value.put("nothing", null);
    value.put("list", Arrays.asList(1, "two", List.of(), Map.of("k", "v")));
    value.put("tree", MAPPER.createObjectNode().put("a", 1));
    assertEquals(MAPPER.<JsonNode>valueToTree(value), JsonTrees.of(value));
  }

  @Test
  void whatHasNoJsonIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> JsonTrees.of(new Object()));
  }
}
