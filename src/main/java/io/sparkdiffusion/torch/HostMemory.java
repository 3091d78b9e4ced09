package io.sparkdiffusion.torch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Direct buffers for the inputs of graphs, used again and again: Java frees one only when its
 * collector comes by, which may be after thousands of images.
 */
final class HostMemory {

  /** A pipeline has some six inputs of each image size. */
  private static final int KEPT_SIZES = 64;

  private static final int KEPT_OF_A_SIZE = 4;

  private final Map<Integer, Deque<ByteBuffer>> free = new LinkedHashMap<>(16, 0.75f, true);

  /** A buffer of exactly so many bytes, in the machine's order, with any content. */
  synchronized ByteBuffer take(long size) {
    int capacity = Math.toIntExact(size);
    ByteBuffer known = buffers(capacity).poll();
    return known == null
        ? ByteBuffer.allocateDirect(capacity).order(ByteOrder.nativeOrder())
        : known;
  }

  /** Takes back what {@link #take} gave and nothing reads any more. */
  synchronized void giveBack(ByteBuffer buffer) {
    Deque<ByteBuffer> buffers = buffers(buffer.capacity());
    if (buffers.size() < KEPT_OF_A_SIZE) {
      buffers.push(buffer);
    }
  }

  private Deque<ByteBuffer> buffers(int capacity) {
    if (free.size() == KEPT_SIZES && !free.containsKey(capacity)) {
      free.remove(free.keySet().iterator().next());
    }
    return free.computeIfAbsent(capacity, any -> new ArrayDeque<>());
  }
}
