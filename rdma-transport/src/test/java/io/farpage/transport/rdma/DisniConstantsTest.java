package io.farpage.transport.rdma;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compares DiSNI's numbers, and those that the library tells it, with the installed headers. */
class DisniConstantsTest {
  @Test
  void numbersAreThoseOfTheHeaders(@TempDir Path directory) throws Exception {
    Map<String, Long> headers = askTheHeaders(directory);
    Map<String, Long> disni = new TreeMap<>(askDisni());
    disni.keySet().retainAll(headers.keySet());
    assertEquals(headers, disni);
  }

  private static Map<String, Long> askTheHeaders(Path directory) throws Exception {
    Process program =
        new ProcessBuilder(CCompiler.compile("constants", directory).toString()).start();
    Map<String, Long> headers = new TreeMap<>();
    new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
        .lines()
        .map(line -> line.split(" "))
        .forEach(words -> headers.put(words[0], Long.valueOf(words[1])));
    assertEquals(0, program.waitFor());
    return headers;
  }

  private static Map<String, Long> askDisni() throws Exception {
    Map<String, Long> numbers = new HashMap<>();
    for (Class<?> type : new Class<?>[] {IbvMr.class, IbvSendWR.class, IbvQP.class, RdmaCm.class}) {
      for (Field field : type.getFields()) {
        if (Modifier.isStatic(field.getModifiers())) {
          numbers.put(field.getName(), ((Number) field.get(null)).longValue());
        }
      }
    }
    for (IbvWC.IbvWcStatus status : IbvWC.IbvWcStatus.values()) {
      numbers.put(status.name(), (long) status.ordinal());
    }
    for (RdmaCmEvent.EventType event : RdmaCmEvent.EventType.values()) {
      numbers.put(event.name(), (long) event.ordinal());
    }
    for (Method method : NativeMethods.DISPATCHER.getDeclaredMethods()) {
      if (method.getName().matches("_get.*(Size|Offset)")) {
        numbers.put(
            method.getName(), ((Number) method.invoke(NativeMethods.dispatcher())).longValue());
      }
    }
    return numbers;
  }
}
