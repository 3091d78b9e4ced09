package io.sparkdiffusion.graph;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import java.nio.ByteBuffer;

/** A tensor in a device's memory. Whoever is given one by a method that makes it closes it. */
public final class DeviceTensor implements AutoCloseable {

  private final TorchDevice device;
  private final IValue value;

  /** Memory on the host that the tensor may lie in: reachable as long as this object is. */
  private final ByteBuffer memory;

  private boolean closed;

  DeviceTensor(TorchDevice device, IValue value, ByteBuffer memory) {
    this.device = device;
    this.value = value;
    this.memory = memory;
  }

  IValue value() {
    if (closed) {
      throw new IllegalStateException("Cannot use a tensor: it must be open (closed)");
    }
    return value;
  }

  /** All values of a contiguous float32 tensor, copied to the host. */
  public float[] toFloats() {
    return device.call(
        () -> {
          try (PtNDArray array = value().toTensor(device.manager())) {
            return array.toFloatArray();
          }
        });
  }

  /** Bytes of host memory that this tensor keeps; 0 where libtorch owns them. */
  long hostBytes() {
    return memory.capacity();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      device.call(
          () -> {
            value.close();
            return true;
          });
    }
  }
}
