package io.sparkdiffusion.torch;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import io.sparkdiffusion.graph.Shape;
import java.util.function.Function;

/** A tensor in a device's memory. Whoever is given one by a method that makes it closes it. */
public final class DeviceTensor implements AutoCloseable {

  private final TorchDevice device;
  private final IValue value;
  private final Shape shape;
  private final Runnable release;
  private boolean closed;

  /** A tensor in memory of libtorch's own. */
  DeviceTensor(TorchDevice device, IValue value, Shape shape) {
    this(device, value, shape, () -> {});
  }

  /**
   * A tensor that may lie in memory of the host.
   *
   * @param release keeps that memory reachable and runs when nothing reads it any more
   */
  DeviceTensor(TorchDevice device, IValue value, Shape shape, Runnable release) {
    this.device = device;
    this.value = value;
    this.shape = shape;
    this.release = release;
  }

  IValue value() {
    if (closed) {
      throw new IllegalStateException("Cannot use a tensor: it must be open (closed)");
    }
    return value;
  }

  /** Its shape. */
  public Shape shape() {
    return shape;
  }

  /**
   * A part of the first dimension in the same memory: valid as long as this is open. The caller
   * closes it.
   */
  public DeviceTensor rows(long first, long count) {
    return part(0, first, count);
  }

  /**
   * A part of one dimension in the same memory, as {@link #rows}; only the first one's lies in a
   * piece.
   */
  public DeviceTensor part(int dimension, long first, long count) {
    Shape part = shape.with(dimension, count);
    if (first < 0 || first + count > shape.size(dimension)) {
      throw new IllegalArgumentException(
          "Cannot take rows of a tensor: they must lie inside (%s from %s on of %s)"
              .formatted(count, first, shape));
    }
    return device.call(
        () -> {
          try (PtNDManager own = device.manager().newSubManager(device.manager().getDevice());
              PtNDArray whole = value().toTensor(own);
              PtNDArray rows = JniUtils.slice(whole, dimension, first, first + count, 1)) {
            return new DeviceTensor(device, IValue.from(rows), part);
          }
        });
  }

  /** All values of a contiguous float32 tensor, copied to the host. */
  public float[] toFloats() {
    return copied(PtNDArray::toFloatArray);
  }

  /** All values of a contiguous uint8 tensor, copied to the host. */
  public byte[] toBytes() {
    return copied(PtNDArray::toByteArray);
  }

  private <T> T copied(Function<PtNDArray, T> copy) {
    return device.call(
        () -> {
          device.countCopy();
          return copied(device.manager(), value()::toTensor, copy);
        });
  }

  /**
   * The values of an array that is made in a manager of its own: DJL hangs a copy on the CPU below
   * the array's manager and leaves it there for as long as that is open.
   */
  static <T> T copied(
      PtNDManager manager, Function<PtNDManager, PtNDArray> make, Function<PtNDArray, T> copy) {
    try (PtNDManager own = manager.newSubManager(manager.getDevice());
        PtNDArray array = make.apply(own)) {
      return copy.apply(array);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      device.run(value::close);
      release.run();
    }
  }
}
