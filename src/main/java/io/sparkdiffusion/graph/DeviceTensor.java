package io.sparkdiffusion.graph;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import java.nio.ByteBuffer;

/** A tensor in a device's memory. Whoever is given one by a method that makes it closes it. */
public final class DeviceTensor implements AutoCloseable {

  private final TorchDevice device;
  private final IValue value;
  private final Shape shape;

  /** Memory on the host that the tensor may lie in: reachable as long as this object is. */
  @SuppressWarnings("unused")
  private final ByteBuffer memory;

  private boolean closed;

  DeviceTensor(TorchDevice device, IValue value, Shape shape, ByteBuffer memory) {
    this.device = device;
    this.value = value;
    this.shape = shape;
    this.memory = memory;
  }

  IValue value() {
    if (closed) {
      throw new IllegalStateException("Cannot use a tensor: it must be open (closed)");
    }
    return value;
  }

  Shape shape() {
    return shape;
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
