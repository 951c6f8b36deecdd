package io.farpage.transport.tcp;

import io.farpage.linux.Errno;
import io.farpage.linux.MappedPages;
import io.farpage.linux.NativeBuffer;
import io.farpage.linux.ReceiveLowWater;
import io.farpage.linux.SocketIo;
import io.farpage.linux.SocketVector;
import io.farpage.transport.LaneException;
import io.farpage.transport.LocalMemory;
import io.farpage.transport.PageLane;
import io.farpage.transport.ReadListener;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The destination's end of a TCP page connection.
 *
 * <p>Pages are received with {@code recv(2)} straight into the mapping of the RAM file.
 */
public final class TcpPageLane implements PageLane {
  /** Requests that go out with one call, and ranges that one call receives into. */
  private static final int REQUESTS = 64;

  private static final int RANGES = 32;

  /** Who sleeps is woken for so much at least, or for the end of a read: it is a large packet. */
  private static final int WAKING_BYTES = 64 * 1024;

  private final LaneSocket socket;
  private final LocalMemory memory;
  private final long maxBytesInFlight;
  private final NativeBuffer requestMemory;
  private final ByteBuffer request;
  private final SocketVector vector = new SocketVector(RANGES);
  private final ReceiveLowWater lowWater;

  // requests not sent yet: their bytes, and how many of these have been sent
  private int collected;
  private int sent;

  // the reads in flight, oldest first: answers come in the order of the requests
  private final int[] regions;
  private final long[] offsets;
  private final int[] lengths;
  private final long[] cookies;
  private final int mask;
  private int head;
  private int tail;
  private int populated;
  private int receivedOfHead;
  private long bytesInFlight;

  /**
   * Creates a lane on a connected socket.
   *
   * @param socket the connection, closed with the lane
   * @param memory where the pages go
   * @param maxReadsInFlight at most so many reads at once, a power of two
   * @param maxBytesInFlight at most so many bytes at once; one read is always allowed
   */
  public TcpPageLane(
      final LaneSocket socket,
      final LocalMemory memory,
      final int maxReadsInFlight,
      final long maxBytesInFlight) {
    if (Integer.bitCount(maxReadsInFlight) != 1) {
      throw new IllegalArgumentException("maxReadsInFlight must be a power of two");
    }
    this.socket = socket;
    this.memory = memory;
    lowWater = new ReceiveLowWater(socket.fd());
    this.maxBytesInFlight = maxBytesInFlight;
    requestMemory = NativeBuffer.allocate((long) REQUESTS * PageRequest.LENGTH_BYTES);
    request = requestMemory.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    regions = new int[maxReadsInFlight];
    offsets = new long[maxReadsInFlight];
    lengths = new int[maxReadsInFlight];
    cookies = new long[maxReadsInFlight];
    mask = maxReadsInFlight - 1;
  }

  @Override
  public boolean tryRead(
      final int region, final long offsetBytes, final int lengthBytes, final long cookie)
      throws LaneException {
    if (!memory.contains(region, offsetBytes, lengthBytes)
        || lengthBytes > PageRequest.MAX_LENGTH_BYTES) {
      throw new IllegalArgumentException("read outside of the region");
    }
    if (!hasRoom(lengthBytes)) {
      return false;
    }
    if (collected == request.capacity()) {
      flush();
      if (collected > 0) {
        return false;
      }
    }
    request.putInt(collected + PageRequest.REGION_OFFSET, region);
    request.putInt(collected + PageRequest.LENGTH_OFFSET, lengthBytes);
    request.putLong(collected + PageRequest.OFFSET_OFFSET, offsetBytes);
    collected += PageRequest.LENGTH_BYTES;
    final int slot = tail & mask;
    regions[slot] = region;
    offsets[slot] = offsetBytes;
    lengths[slot] = lengthBytes;
    cookies[slot] = cookie;
    tail++;
    bytesInFlight += lengthBytes;
    return true;
  }

  @Override
  public boolean hasRoom(final long lengthBytes) {
    final int inFlight = tail - head;
    return inFlight == 0 || (inFlight <= mask && bytesInFlight + lengthBytes <= maxBytesInFlight);
  }

  @Override
  public void flush() throws LaneException {
    while (sent < collected) {
      final long n =
          SocketIo.send(
              socket.fd(),
              requestMemory.address() + sent,
              collected - sent,
              SocketIo.MSG_DONTWAIT | SocketIo.MSG_NOSIGNAL);
      if (n > 0) {
        sent += (int) n;
      } else if (n == -Errno.EAGAIN) {
        return; // the rest with the next poll
      } else if (n != -Errno.EINTR) {
        throw broken(n);
      }
    }
    collected = 0;
    sent = 0;
    populate();
  }

  /** While the answers are under way; what cannot be done now is done, or fails, as they come. */
  private void populate() {
    if (populated - head < 0) {
      populated = head; // what has arrived meanwhile is the guest's
    }
    for (; populated != tail; populated++) {
      final int slot = populated & mask;
      MappedPages.populate(memory.address(regions[slot], offsets[slot]), lengths[slot]);
    }
  }

  @Override
  public int poll(final ReadListener listener) throws LaneException {
    flush();
    int work = 0;
    while (head != tail) {
      final long n = receive();
      if (n == -Errno.EAGAIN) {
        break;
      }
      if (n <= 0) {
        if (n == -Errno.EINTR) {
          continue;
        }
        throw broken(n);
      }
      work++;
      land(n, listener);
    }
    return work;
  }

  /** Into the place of the oldest read, or of several at once. */
  private long receive() {
    final int slot = head & mask;
    final long address = memory.address(regions[slot], offsets[slot] + receivedOfHead);
    final long length = lengths[slot] - receivedOfHead;
    if (tail - head == 1) {
      return SocketIo.recv(socket.fd(), address, length, SocketIo.MSG_DONTWAIT);
    }
    vector.clear();
    vector.add(address, length);
    for (int i = head + 1; i != tail; i++) {
      final int next = i & mask;
      if (!vector.add(memory.address(regions[next], offsets[next]), lengths[next])) {
        break;
      }
    }
    return vector.recv(socket.fd(), SocketIo.MSG_DONTWAIT);
  }

  private void land(final long bytes, final ReadListener listener) {
    long rest = bytes;
    while (rest > 0) {
      final int slot = head & mask;
      final int length = lengths[slot];
      if (rest < length - receivedOfHead) {
        receivedOfHead += (int) rest;
        return;
      }
      rest -= length - receivedOfHead;
      receivedOfHead = 0;
      head++;
      bytesInFlight -= length;
      listener.onRead(regions[slot], offsets[slot], length, cookies[slot]);
    }
  }

  private static LaneException broken(final long result) {
    if (result == 0) {
      return new LaneException("the source closed the page connection");
    }
    if (result == -Errno.EFAULT) {
      return new LaneException(
          "no memory left for a page of the guest (EFAULT): enlarge the file system of the RAM"
              + " file, for example mount -o remount,size=...");
    }
    return new LaneException("page connection to the source: " + Errno.describe((int) -result));
  }

  @Override
  public int readsInFlight() {
    return tail - head;
  }

  @Override
  public long bytesInFlight() {
    return bytesInFlight;
  }

  @Override
  public int readinessFd() {
    return socket.fd();
  }

  @Override
  public boolean armReadiness() {
    if (head != tail) {
      lowWater.set(Math.min(lengths[head & mask] - receivedOfHead, WAKING_BYTES));
    }
    return false;
  }

  @Override
  public void close() {
    socket.close();
    lowWater.close();
    requestMemory.close();
    vector.close();
  }
}
