package io.farpage.linux;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Method;
import java.nio.channels.Channel;
import java.nio.channels.FileChannel;

/** The descriptor number of a JDK channel, which the JDK itself does not tell. */
public final class ChannelFd {
  private ChannelFd() {}

  /**
   * Finds the number. It stays valid as long as the channel is open, and must not be closed by it.
   *
   * @param channel a socket, server socket, datagram, pipe or file channel of the JDK
   * @throws IOException when the channel is of another kind, or the JVM lacks {@code --add-opens
   *     java.base/sun.nio.ch=ALL-UNNAMED}
   */
  public static int of(Channel channel) throws IOException {
    try {
      if (channel instanceof FileChannel) {
        Field field = Class.forName("sun.nio.ch.FileChannelImpl").getDeclaredField("fd");
        field.setAccessible(true);
        Method number =
            Class.forName("sun.nio.ch.IOUtil").getMethod("fdVal", java.io.FileDescriptor.class);
        number.setAccessible(true);
        return (int) number.invoke(null, field.get(channel));
      }
      Class<?> selectable = Class.forName("sun.nio.ch.SelChImpl");
      Method number = selectable.getMethod("getFDVal");
      number.setAccessible(true);
      return (int) number.invoke(selectable.cast(channel));
    } catch (InaccessibleObjectException | IllegalAccessException e) {
      throw new IOException(
          "this JVM needs the option --add-opens java.base/sun.nio.ch=ALL-UNNAMED", e);
    } catch (ReflectiveOperationException | ClassCastException | IllegalArgumentException e) {
      throw new IOException("no descriptor number known for " + channel, e);
    }
  }
}
