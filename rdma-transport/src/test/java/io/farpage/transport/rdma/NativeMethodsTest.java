package io.farpage.transport.rdma;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.ibm.disni.util.NativeAffinity;
import com.ibm.disni.verbs.RdmaEventChannel;
import io.farpage.linux.Errno;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The library's entry points, as far as they can be tried without a device. */
class NativeMethodsTest {
  private static final long[] GARBAGE = {
    0, 1, -1, 12345, 1L << 24, 0x7f00_1234_5678L, Long.MAX_VALUE, Long.MIN_VALUE
  };

  @Test
  void libraryExportsTheNativeMethodsAndNothingElse() throws Exception {
    DisniLibrary.load();
    String file = DisniLibrary.describe().replace("libdisni from ", "");
    Process nm =
        new ProcessBuilder("nm", "-D", "--defined-only", "--format=just-symbols", file).start();
    Set<String> exported =
        new String(nm.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
            .lines()
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> expected = new TreeSet<>(Set.of("JNI_OnLoad", "JNI_OnLoad_disni"));
    for (Class<?> type : NativeMethods.CLASSES) {
      NativeMethods.of(type).forEach(method -> expected.add(NativeMethods.symbol(method)));
    }
    assertEquals(expected, exported);
    assertTrue(expected.size() > 50, expected::toString);
  }

  static Stream<Method> methodsOfObjects() {
    return Stream.concat(
            NativeMethods.of(NativeMethods.DISPATCHER).stream(),
            NativeMethods.of(VerbsExtras.class).stream())
        .filter(method -> method.getParameterCount() > 0)
        .filter(method -> method.getParameterTypes()[0] == long.class);
  }

  @ParameterizedTest
  @MethodSource("methodsOfObjects")
  void objectThatDoesNotExistIsAnsweredWithAnException(Method method) throws Exception {
    Object dispatcher = NativeMethods.dispatcher();
    method.setAccessible(true);
    for (long id : GARBAGE) {
      Object[] arguments = new Object[method.getParameterCount()];
      arguments[0] = id;
      for (int i = 1; i < arguments.length; i++) {
        arguments[i] = zero(method.getParameterTypes()[i]);
      }
      Throwable thrown =
          assertThrows(InvocationTargetException.class, () -> method.invoke(dispatcher, arguments))
              .getCause();
      assertEquals(Errno.EBADF, assertInstanceOf(VerbsException.class, thrown).errno());
      assertTrue(thrown.getMessage().matches("no .* has the id 0x.*"), thrown.getMessage());
    }
  }

  private static Object zero(Class<?> type) {
    if (type == byte.class) {
      return (byte) 0;
    }
    if (type == short.class) {
      return (short) 0;
    }
    return type == int.class ? (Object) 0 : (Object) 0L;
  }

  @Test
  void hostWithoutDevicesSaysSo() throws Exception {
    Assumptions.assumeTrue(RdmaDevices.list().isEmpty(), "this host has RDMA devices");
    DisniLibrary.load();
    VerbsException failure =
        assertThrows(VerbsException.class, RdmaEventChannel::createEventChannel);
    assertEquals(
        "rdma_create_event_channel: ENODEV (19) No such device: this host has no RDMA device",
        failure.getMessage());
    assertEquals(
        Errno.ENODEV,
        assertThrows(VerbsException.class, () -> VerbsExtras.limits("mlx5_0")).errno());
    assertEquals(0, VerbsExtras.openObjects());
  }

  @Test
  void statusOfACompletionHasAText() throws Exception {
    DisniLibrary.load();
    assertEquals("IBV_WC_REM_ACCESS_ERR (10) remote access error", VerbsExtras.statusText(10));
    assertEquals("status (-1) unknown", VerbsExtras.statusText(-1));
  }

  @Test
  void threadIsBoundToItsProcessors() throws Exception {
    DisniLibrary.load();
    long all = NativeAffinity.getAffinity();
    assertTrue(all != 0);
    NativeAffinity.setAffinity(Long.lowestOneBit(all));
    assertEquals(Long.lowestOneBit(all), NativeAffinity.getAffinity());
    NativeAffinity.setAffinity(all);
    assertEquals(all, NativeAffinity.getAffinity());
  }

  @Test
  void nothingIsLoadedTwice() throws Exception {
    DisniLibrary.load();
    String first = DisniLibrary.describe();
    DisniLibrary.load();
    assertEquals(first, DisniLibrary.describe());
    assertTrue(Path.of(first.replace("libdisni from ", "")).isAbsolute());
  }
}
