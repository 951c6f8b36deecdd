package io.farpage.transport.rdma;

import com.ibm.disni.util.NativeAffinity;
import com.ibm.disni.verbs.RdmaProvider;
import com.ibm.disni.verbs.impl.NativeDispatcher;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;

/** The methods that the library implements. */
final class NativeMethods {
  static final Class<?> DISPATCHER = NativeDispatcher.class;
  static final List<Class<?>> CLASSES =
      List.of(DISPATCHER, NativeAffinity.class, VerbsExtras.class);

  private NativeMethods() {}

  static List<Method> of(Class<?> type) {
    return Arrays.stream(type.getDeclaredMethods())
        .filter(method -> Modifier.isNative(method.getModifiers()))
        .toList();
  }

  static String symbol(Method method) {
    String name = method.getDeclaringClass().getName() + "." + method.getName();
    return "Java_" + name.replace("_", "_1").replace('.', '_');
  }

  /** DiSNI's own, as only its package can make one. */
  static NativeDispatcher dispatcher() throws Exception {
    DisniLibrary.load();
    RdmaProvider provider = RdmaProvider.provider();
    Field field = provider.getClass().getDeclaredField("nativeDispatcher");
    field.setAccessible(true);
    return (NativeDispatcher) field.get(provider);
  }
}
