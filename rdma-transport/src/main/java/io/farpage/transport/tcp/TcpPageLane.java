package io.farpage.transport.tcp;

import io.farpage.linux.Errno;
import io.farpage.linux.NativeBuffer;
import io.farpage.linux.SocketIo;
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
  private final LaneSocket socket;
  private final LocalMemory memory;
  private final long maxBytesInFlight;
  private final NativeBuffer requestMemory;
  private final ByteBuffer request;

  // the reads in flight, oldest first: answers come in the order of the requests
  private final int[] regions;
  private final long[] offsets;
  private final int[] lengths;
  private final long[] cookies;
  private final int mask;
  private int head;
  private int tail;
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
    this.maxBytesInFlight = maxBytesInFlight;
    requestMemory = NativeBuffer.allocate(PageRequest.LENGTH_BYTES);
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
    request.putInt(PageRequest.REGION_OFFSET, region);
    request.putInt(PageRequest.LENGTH_OFFSET, lengthBytes);
    request.putLong(PageRequest.OFFSET_OFFSET, offsetBytes);
    if (!send()) {
      return false;
    }
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

  private boolean send() throws LaneException {
    int sent = 0;
    while (sent < PageRequest.LENGTH_BYTES) {
      final long n =
          SocketIo.send(
              socket.fd(),
              requestMemory.address() + sent,
              PageRequest.LENGTH_BYTES - sent,
              SocketIo.MSG_DONTWAIT | SocketIo.MSG_NOSIGNAL);
      if (n > 0) {
        sent += (int) n;
      } else if (n == -Errno.EAGAIN && sent == 0) {
        return false;
      } else if (n != -Errno.EAGAIN && n != -Errno.EINTR) {
        throw broken(n);
      }
    }
    return true;
  }

  @Override
  public int poll(final ReadListener listener) throws LaneException {
    int work = 0;
    while (head != tail) {
      final int slot = head & mask;
      final int length = lengths[slot];
      final long n =
          SocketIo.recv(
              socket.fd(),
              memory.address(regions[slot], offsets[slot] + receivedOfHead),
              length - receivedOfHead,
              SocketIo.MSG_DONTWAIT);
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
      receivedOfHead += (int) n;
      if (receivedOfHead == length) {
        receivedOfHead = 0;
        head++;
        bytesInFlight -= length;
        listener.onRead(regions[slot], offsets[slot], length, cookies[slot]);
      }
    }
    return work;
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
  public void close() {
    socket.close();
    requestMemory.close();
  }
}
