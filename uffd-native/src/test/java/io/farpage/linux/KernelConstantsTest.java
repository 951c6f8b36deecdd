package io.farpage.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares the Java side's numbers with the installed kernel headers. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KernelConstantsTest {
  private static final List<Class<?>> CLASSES =
      List.of(Abi.class, UffdConstants.class, Errno.class, SocketIo.class, ProcessStatus.class);

  private final Map<String, String> headers = new TreeMap<>();

  @BeforeAll
  void askTheHeaders(@TempDir Path directory) throws Exception {
    Process program =
        new ProcessBuilder(CProgram.compile("constants", directory).toString()).start();
    new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
        .lines()
        .map(line -> line.split(" "))
        .forEach(words -> headers.put(words[0], words[1]));
    assertEquals(0, program.waitFor());
    List<String> absent =
        headers.keySet().stream().filter(name -> headers.get(name).equals("absent")).toList();
    System.out.println("Not in the installed kernel headers, so not compared: " + absent);
  }

  static Stream<String> constants() throws IllegalAccessException {
    return javaSide().keySet().stream();
  }

  private static Map<String, Long> javaSide() throws IllegalAccessException {
    Map<String, Long> constants = new TreeMap<>();
    for (Class<?> type : CLASSES) {
      for (Field field : type.getDeclaredFields()) {
        boolean number = field.getType() == int.class || field.getType() == long.class;
        if (number
            && Modifier.isStatic(field.getModifiers())
            && !Modifier.isPrivate(field.getModifiers())) {
          field.setAccessible(true);
          constants.put(
              type.getSimpleName() + "." + field.getName(), ((Number) field.get(null)).longValue());
        }
      }
    }
    for (UffdFeature feature : UffdFeature.values()) {
      constants.put("UffdFeature." + feature, feature.bit());
    }
    return constants;
  }

  @ParameterizedTest
  @MethodSource("constants")
  void isWhatTheHeadersSay(String name) throws IllegalAccessException {
    assertTrue(headers.containsKey(name), "constants.c does not print " + name);
    String expected = headers.get(name);
    if (!expected.equals("absent")) {
      assertEquals(Long.parseLong(expected), javaSide().get(name));
    }
  }

  @Test
  void theProgramPrintsNothingThatJavaDoesNotHave() throws IllegalAccessException {
    List<String> unknown = new ArrayList<>(headers.keySet());
    unknown.removeAll(javaSide().keySet());
    assertEquals(List.of(), unknown);
  }

  @Test
  void everyErrnoOfTheTableHasAName() {
    assertEquals("EBUSY", Errno.name(Errno.EBUSY));
    assertEquals("errno 4000", Errno.name(4000));
    assertTrue(Arrays.stream(Errno.class.getFields()).count() > 30);
    assertEquals(
        "UFFDIO_REGISTER 0x7f00-0x7f10: EBUSY (Device or resource busy)",
        new LinuxException("UFFDIO_REGISTER 0x7f00-0x7f10", Errno.EBUSY).getMessage());
  }
}
