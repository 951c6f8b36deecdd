package io.farpage.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.farpage.json.JsonTrees;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One QMP session with one QEMU, over its UNIX socket.
 *
 * <p>Thread-safe: any number of threads may execute commands at the same time; each gets the answer
 * to its own. Two daemon threads belong to a client. One reads the socket, completes commands and
 * calls the listeners. The other writes, so that neither an interrupt (which closes a channel that
 * is being written) nor a QEMU that has stopped reading (its main thread waits on a page fault)
 * reaches the caller of a command as anything but a time-out.
 *
 * <p>Events are kept from the moment of connection: {@link #awaitEvent} finds those that came
 * before it was called. Each is handed out by it once. The newest {@value #MAX_KEPT_EVENTS} are
 * kept.
 *
 * <p>When the session ends ({@link #close}, QEMU exits, the peer breaks the protocol), every
 * waiting command fails, every later one fails at once, and {@link #closed()} completes.
 */
public final class QmpClient implements AutoCloseable {
  /** How long a command may take when nothing else is said. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

  /** How many events that nobody has awaited are kept. */
  public static final int MAX_KEPT_EVENTS = 1024;

  private static final Logger LOG = LoggerFactory.getLogger(QmpClient.class);
  private static final JsonTrees JSON = new JsonTrees(QmpMessageReader.MAX_MESSAGE_BYTES);

  private final Path socket;
  private final SocketChannel channel;
  private volatile int peerPid;
  private final QmpMessageReader reader;
  private final CompletableFuture<QmpVersion> greeting = new CompletableFuture<>();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private final AtomicLong nextId = new AtomicLong();
  private final Map<Long, PendingCommand> pending = new ConcurrentHashMap<>();
  private final LinkedBlockingQueue<byte[]> outgoing = new LinkedBlockingQueue<>();
  private final CopyOnWriteArrayList<QmpEventListener> listeners = new CopyOnWriteArrayList<>();
  private final Deque<QmpEvent> events = new ArrayDeque<>(); // guarded by itself
  private final Thread readerThread;
  private final Thread writerThread;
  private volatile QmpException endReason;
  private volatile QmpVersion version;

  private record PendingCommand(String command, CompletableFuture<JsonNode> answer) {}

  private QmpClient(Path socket, SocketChannel channel) {
    this.socket = socket;
    this.channel = channel;
    this.reader =
        new QmpMessageReader(Channels.newInputStream(channel), QmpMessageReader.MAX_MESSAGE_BYTES);
    this.readerThread = daemon("qmp-reader", this::readLoop);
    this.writerThread = daemon("qmp-writer", this::writeLoop);
  }

  /** Connects without a listener: see {@link #connect(Path, Duration, QmpEventListener)}. */
  public static QmpClient connect(Path socket, Duration timeout) {
    return connect(socket, timeout, event -> {});
  }

  /**
   * Connects to QEMU's QMP socket, reads the greeting and enters command mode.
   *
   * @param timeout for all of that together
   * @param listener told of every event from the first one on
   * @throws QmpClosedException when there is no such socket, or nobody listens on it, or it may not
   *     be opened
   * @throws QmpTimeoutException when the socket accepts but stays silent: another client has this
   *     monitor
   * @throws QmpProtocolException when something else than QMP answers
   */
  public static QmpClient connect(Path socket, Duration timeout, QmpEventListener listener) {
    long deadlineNs = System.nanoTime() + timeout.toNanos();
    SocketChannel channel = QmpSocket.open(socket, timeout);
    QmpClient client = new QmpClient(socket, channel);
    try {
      client.peerPid = QmpSocket.peerPid(socket, channel);
      client.listeners.add(listener);
      client.readerThread.start();
      client.writerThread.start();
      client.handshake(timeout, deadlineNs);
      return client;
    } catch (RuntimeException e) {
      client.close();
      throw e;
    }
  }

  /** Executes a command without arguments, in at most {@link #DEFAULT_TIMEOUT}. */
  public JsonNode execute(String command) {
    return execute(command, Map.of(), DEFAULT_TIMEOUT);
  }

  /** Executes a command in at most {@link #DEFAULT_TIMEOUT}. */
  public JsonNode execute(String command, Map<String, ?> arguments) {
    return execute(command, arguments, DEFAULT_TIMEOUT);
  }

  /**
   * Executes a command and waits for its answer.
   *
   * @param arguments what {@link JsonTrees#of} makes a tree of: strings, numbers, booleans, maps,
   *     collections, {@link JsonNode}s
   * @return QEMU's {@code return}, an empty object for most commands
   * @throws QmpCommandException when QEMU answers with an error
   * @throws QmpTimeoutException when it does not answer in time; the command may yet be carried out
   * @throws QmpClosedException when the session has ended or ends meanwhile
   */
  public JsonNode execute(String command, Map<String, ?> arguments, Duration timeout) {
    if (Thread.currentThread() == readerThread) {
      throw new IllegalStateException("a QMP event listener cannot execute '" + command + "'");
    }
    long id = nextId.incrementAndGet();
    PendingCommand entry = new PendingCommand(command, new CompletableFuture<>());
    pending.put(id, entry);
    try {
      send(id, command, arguments);
      QmpException ended = endReason;
      if (ended != null) {
        // Ended before or while the entry was put: nobody else would complete it.
        throw restated(ended, command);
      }
      return entry.answer.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new QmpTimeoutException(
          "QEMU did not answer '"
              + command
              + "' within "
              + inWords(timeout)
              + ": its main thread may be stopped, or waiting for a page of guest memory");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new QmpException("interrupted while waiting for QEMU to answer '" + command + "'", e);
    } catch (ExecutionException e) {
      throw rethrown(e, command);
    } finally {
      pending.remove(id);
    }
  }

  /** Adds a listener for the events that come from now on. */
  public void addListener(QmpEventListener listener) {
    listeners.add(listener);
  }

  /** Removes a listener; events that are being handed out may still reach it. */
  public void removeListener(QmpEventListener listener) {
    listeners.remove(listener);
  }

  /**
   * Waits for an event, and takes it out of those that are kept. An event that came since the
   * connection was made, and was not taken yet, counts: the oldest one that matches is returned at
   * once.
   *
   * @throws QmpTimeoutException when none came in time
   * @throws QmpClosedException when the session has ended and no kept event matches
   */
  public QmpEvent awaitEvent(Predicate<QmpEvent> wanted, Duration timeout) {
    long deadlineNs = System.nanoTime() + timeout.toNanos();
    synchronized (events) {
      while (true) {
        for (Iterator<QmpEvent> all = events.iterator(); all.hasNext(); ) {
          QmpEvent event = all.next();
          if (wanted.test(event)) {
            all.remove();
            return event;
          }
        }
        QmpException ended = endReason;
        if (ended != null) {
          throw restated(ended, "an event");
        }
        long remainingNs = deadlineNs - System.nanoTime();
        if (remainingNs <= 0) {
          throw new QmpTimeoutException(
              "the awaited QEMU event did not come within " + inWords(timeout));
        }
        try {
          TimeUnit.NANOSECONDS.timedWait(events, remainingNs);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new QmpException("interrupted while waiting for an event of QEMU", e);
        }
      }
    }
  }

  /** QEMU's version, from its greeting. */
  public QmpVersion version() {
    return version;
  }

  /**
   * The process that listens on the socket, as the kernel tells: QEMU, or whoever opened the socket
   * for it.
   */
  public int peerPid() {
    return peerPid;
  }

  /** Where this client is connected. */
  public Path socket() {
    return socket;
  }

  /** Whether the session has ended. */
  public boolean isClosed() {
    return endReason != null;
  }

  /**
   * Completes when the session has ended, normally after {@link #close}, and with a {@link
   * QmpException} when it was not us: a {@link QmpClosedException} when QEMU closed the socket,
   * which it does by exiting.
   */
  public CompletableFuture<Void> closed() {
    return closed.copy();
  }

  /**
   * Ends the session; QEMU goes on. May be called at any time from any thread, and more than once.
   */
  @Override
  public void close() {
    end(new QmpClosedException("the QMP session was closed"), true);
  }

  private void handshake(Duration timeout, long deadlineNs) {
    try {
      version = greeting.get(Math.max(0, deadlineNs - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      String got = reader.excerpt();
      if (!got.isEmpty()) {
        throw notQmp("sent '" + got + "' and no QMP greeting");
      }
      throw new QmpTimeoutException(
          socket
              + " accepts connections but sends no QMP greeting within "
              + inWords(timeout)
              + ": another client (e.g. libvirt) holds it, or QEMU is stuck; give Farpage its own: add a second "
              + QmpSocket.optionFor(socket.resolveSibling("farpage.qmp")));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new QmpException("interrupted while connecting to " + socket, e);
    } catch (ExecutionException e) {
      throw rethrown(e, "the greeting");
    }
    Duration remaining = Duration.ofNanos(Math.max(0, deadlineNs - System.nanoTime()));
    execute("qmp_capabilities", Map.of(), remaining);
    LOG.debug("{}: QMP session with QEMU {}, pid {}", socket, version, peerPid);
  }

  private void send(long id, String command, Map<String, ?> arguments) {
    ObjectNode request = JsonTrees.object();
    request.put("execute", command);
    if (!arguments.isEmpty()) {
      request.set("arguments", JsonTrees.of(arguments));
    }
    request.put("id", id);
    LOG.trace("{} < {}", socket, request);
    outgoing.add((JSON.write(request) + "\n").getBytes(StandardCharsets.UTF_8));
  }

  private void writeLoop() {
    try {
      while (!isClosed()) {
        ByteBuffer request = ByteBuffer.wrap(outgoing.take());
        while (request.hasRemaining()) {
          channel.write(request);
        }
      }
    } catch (IOException e) {
      end(
          new QmpClosedException(
              "QEMU has closed its QMP socket " + socket + " (" + e.getMessage() + ")", e),
          false);
    } catch (InterruptedException e) {
      // How end() stops this thread; nobody else has it to interrupt.
      LOG.trace("{}: writer stopped", socket);
    }
  }

  private void readLoop() {
    try {
      String message;
      while ((message = reader.next()) != null) {
        LOG.trace("{} > {}", socket, message);
        handle(message);
      }
      String rest = reader.excerpt();
      if (greeting.isDone()) {
        end(
            new QmpClosedException("QEMU has closed its QMP socket " + socket + ": it has exited"),
            false);
      } else if (rest.isEmpty()) {
        end(notQmp("closed the connection without a QMP greeting"), false);
      } else {
        end(notQmp("sent '" + rest + "' and closed the connection"), false);
      }
    } catch (IOException e) {
      end(
          new QmpClosedException("the QMP socket " + socket + " failed: " + e.getMessage(), e),
          false);
    } catch (QmpException e) {
      end(e, false);
    } catch (RuntimeException e) {
      LOG.error("{}: QMP reader failed", socket, e);
      end(new QmpProtocolException("reading from " + socket + " failed: " + e, e), false);
    }
  }

  private void handle(String text) {
    JsonNode message;
    try {
      message = JSON.read(text);
    } catch (IOException e) {
      throw notQmp("sent '" + QmpMessageReader.printable(text) + "'");
    }
    if (!greeting.isDone()) {
      if (!message.path("QMP").path("version").isObject()) {
        throw notQmp("sent '" + QmpMessageReader.printable(text) + "' instead of a QMP greeting");
      }
      greeting.complete(QmpVersion.fromGreeting(message));
    } else if (message.has("event")) {
      publish(QmpEvent.fromMessage(message));
    } else if (message.has("return") || message.has("error")) {
      answer(message);
    } else {
      throw notQmp(
          "sent '" + QmpMessageReader.printable(text) + "', neither an answer nor an event");
    }
  }

  private void answer(JsonNode message) {
    PendingCommand command = pending.remove(message.path("id").asLong(-1));
    if (command == null) {
      LOG.debug("{}: answer to a command that is no longer awaited: {}", socket, message);
    } else if (message.has("error")) {
      JsonNode error = message.get("error");
      command.answer.completeExceptionally(
          new QmpCommandException(
              command.command, error.path("class").asText(), error.path("desc").asText()));
    } else {
      command.answer.complete(message.get("return"));
    }
  }

  private void publish(QmpEvent event) {
    LOG.debug("{}: {} {}", socket, event.name(), event.data());
    synchronized (events) {
      if (events.size() == MAX_KEPT_EVENTS) {
        events.removeFirst();
      }
      events.addLast(event);
      events.notifyAll();
    }
    for (QmpEventListener listener : listeners) {
      try {
        listener.onEvent(event);
      } catch (RuntimeException e) {
        LOG.error("{}: a listener failed on {}", socket, event.name(), e);
      }
    }
  }

  /** Ends the session, once: the first reason counts. */
  private void end(QmpException reason, boolean byUs) {
    synchronized (events) {
      if (endReason != null) {
        return;
      }
      endReason = reason;
      events.notifyAll();
    }
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("{}: closing failed", socket, e);
    }
    writerThread.interrupt();
    greeting.completeExceptionally(reason);
    pending.values().forEach(command -> command.answer.completeExceptionally(reason));
    if (byUs) {
      closed.complete(null);
    } else {
      closed.completeExceptionally(reason);
    }
  }

  private QmpProtocolException notQmp(String whatItDid) {
    return new QmpProtocolException(
        socket
            + " is not a QMP socket: it "
            + whatItDid
            + "; name the socket of QEMU's option "
            + QmpSocket.optionFor(Path.of("PATH")));
  }

  /** A fresh exception of the same kind, so that the stack trace is that of the caller. */
  private static QmpException restated(QmpException reason, String waitedFor) {
    String message = reason.getMessage() + " (waiting for '" + waitedFor + "')";
    return reason instanceof QmpProtocolException
        ? new QmpProtocolException(reason.getMessage(), reason)
        : new QmpClosedException(message, reason);
  }

  private static QmpException rethrown(ExecutionException e, String waitedFor) {
    if (e.getCause() instanceof QmpCommandException refused) {
      return refused;
    }
    if (e.getCause() instanceof QmpException reason) {
      return restated(reason, waitedFor);
    }
    throw new IllegalStateException(e.getCause());
  }

  private static String inWords(Duration timeout) {
    return timeout.toMillis() % 1000 == 0 ? timeout.toSeconds() + " s" : timeout.toMillis() + " ms";
  }

  private Thread daemon(String role, Runnable body) {
    Thread thread = new Thread(body, role + " " + socket.getFileName());
    thread.setDaemon(true);
    return thread;
  }
}
