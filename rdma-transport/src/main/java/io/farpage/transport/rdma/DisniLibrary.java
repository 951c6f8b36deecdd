package io.farpage.transport.rdma;

import com.ibm.disni.util.MemoryAllocation;
import com.ibm.disni.verbs.RdmaProvider;
import com.sun.jna.Library;
import com.sun.jna.NativeLibrary;
import io.farpage.linux.MemFd;
import io.farpage.linux.SocketIo;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The native library that DiSNI loads by the name {@code disni}.
 *
 * <p>It comes with this class, for the processor it was built on, and needs no {@code
 * java.library.path}: a JVM that finds the symbol {@code JNI_OnLoad_disni} in the process takes the
 * library as already there. So it is opened here first, with its symbols visible to the process.
 *
 * <p>The system property {@value #PROPERTY} names another file to use instead. That is opened
 * before, so its symbols are found first. {@link VerbsExtras} then work only if it has them.
 */
public final class DisniLibrary {
  /** The system property that names a file to use instead of the library that comes along. */
  public static final String PROPERTY = "farpage.libdisni";

  private static final String NAME = "disni";
  private static final int RTLD_NOW = 2;
  private static final int RTLD_GLOBAL = 0x100;
  private static final String AN_EXTRA =
      "Java_io_farpage_transport_rdma_VerbsExtras_completionChannelFd";
  private static final String EXPORT_OPTION = "--add-exports java.base/sun.nio.ch=ALL-UNNAMED";

  /** Open as long as the process runs: JNA closes what it finds unused. */
  private static final List<NativeLibrary> OPENED = new ArrayList<>();

  private static boolean loaded;
  private static boolean extras;
  private static String description = "libdisni is not loaded";

  private DisniLibrary() {}

  /**
   * Makes DiSNI usable; does nothing when it is. Call it before any class of DiSNI. Thread-safe.
   *
   * @throws RdmaUnavailableException when this host, this JVM or the named file cannot
   */
  public static synchronized void load() throws RdmaUnavailableException {
    if (loaded) {
      return;
    }
    try {
      open();
    } catch (RdmaUnavailableException e) {
      description = e.getMessage();
      throw e;
    }
    loaded = true;
  }

  /** One line on which library is loaded, or why none is. */
  public static synchronized String describe() {
    return description;
  }

  /** Whether the loaded library has the entry points of {@link VerbsExtras}. */
  public static synchronized boolean hasExtras() {
    return loaded && extras;
  }

  private static void open() throws RdmaUnavailableException {
    silenceDisni();
    Optional<String> named = Optional.ofNullable(System.getProperty(PROPERTY));
    if (named.isPresent()) {
      extras = has(openNamed(named.get()), AN_EXTRA);
    }
    String origin = openBundled();
    try {
      System.loadLibrary(NAME);
      MemoryAllocation.getInstance().allocate(1).free();
      RdmaProvider.provider();
    } catch (IllegalAccessError e) {
      throw new RdmaUnavailableException("no RDMA: this JVM needs the option " + EXPORT_OPTION, e);
    } catch (LinkageError | IOException e) {
      throw new RdmaUnavailableException(
          "no RDMA: " + named.orElse(origin) + " does not fit DiSNI: " + e.getMessage(), e);
    }
    if (named.isEmpty()) {
      extras = true;
      description = "libdisni from " + origin;
    } else {
      description =
          "libdisni from "
              + named.get()
              + (extras ? "" : ", which cannot tell descriptors, device limits and causes");
    }
  }

  /** DiSNI tells what it does at level info, which the simple logger prints. */
  private static void silenceDisni() {
    String level = "org.slf4j.simpleLogger.log.com.ibm.disni";
    if (System.getProperty(level) == null) {
      System.setProperty(level, "warn");
    }
  }

  private static NativeLibrary openNamed(String file) throws RdmaUnavailableException {
    Path path = Path.of(file).toAbsolutePath();
    if (!Files.isReadable(path)) {
      throw new RdmaUnavailableException(
          "no RDMA: " + PROPERTY + " names " + file + ", which cannot be read");
    }
    NativeLibrary library = openGlobally(path.toString(), file);
    try {
      System.load(path.toString()); // so that the JVM calls its JNI_OnLoad
    } catch (UnsatisfiedLinkError e) {
      throw failure(file, e);
    }
    return library;
  }

  /** Opens the library that comes along, and returns where it is. */
  private static String openBundled() throws RdmaUnavailableException {
    String resource = platform() + "/lib" + NAME + ".so";
    URL url = DisniLibrary.class.getResource(resource);
    if (url == null) {
      throw new RdmaUnavailableException(
          "no RDMA: this build of Farpage has no libdisni for " + platform() + "; build it there");
    }
    try {
      if (url.getProtocol().equals("file")) {
        String file = Path.of(url.toURI()).toString();
        openGlobally(file, file);
        return file;
      }
      openCopy(url);
      return url.toString();
    } catch (RdmaUnavailableException e) {
      throw e;
    } catch (IOException | URISyntaxException e) {
      throw new RdmaUnavailableException("no RDMA: " + url + ": " + e.getMessage(), e);
    }
  }

  /** From memory: a file could be left behind, or lie where nothing may be executed. */
  private static void openCopy(URL url) throws IOException {
    int fd = MemFd.create("lib" + NAME, 0);
    try (InputStream library = url.openStream()) {
      String copy = "/proc/self/fd/" + fd;
      try (FileOutputStream memory = new FileOutputStream(copy)) {
        library.transferTo(memory);
      }
      openGlobally(copy, url.toString());
    } finally {
      SocketIo.close(fd);
    }
  }

  private static NativeLibrary openGlobally(String file, String shownAs)
      throws RdmaUnavailableException {
    try {
      NativeLibrary library =
          NativeLibrary.getInstance(
              file, Map.of(Library.OPTION_OPEN_FLAGS, RTLD_NOW | RTLD_GLOBAL));
      OPENED.add(library);
      return library;
    } catch (UnsatisfiedLinkError e) {
      throw failure(shownAs, e);
    }
  }

  static RdmaUnavailableException failure(String file, UnsatisfiedLinkError e) {
    String message = String.valueOf(e.getMessage());
    for (String needed : List.of("libibverbs.so.1", "librdmacm.so.1")) {
      if (message.contains(needed + ": cannot open shared object file")) {
        return new RdmaUnavailableException(
            "no RDMA: "
                + needed
                + " is not installed (Debian packages: libibverbs1 librdmacm1 ibverbs-providers)",
            e);
      }
    }
    String reason =
        message
            .lines()
            .filter(line -> !line.startsWith("Unable to load library"))
            .findFirst()
            .orElse("")
            .replaceFirst("^/[^:]*: ", "");
    return new RdmaUnavailableException("no RDMA: " + file + " cannot be loaded: " + reason, e);
  }

  private static boolean has(NativeLibrary library, String symbol) {
    try {
      library.getGlobalVariableAddress(symbol);
      return true;
    } catch (UnsatisfiedLinkError e) {
      return false;
    }
  }

  private static String platform() {
    String processor = System.getProperty("os.arch");
    return "linux-" + (processor.equals("amd64") ? "x86_64" : processor);
  }
}
