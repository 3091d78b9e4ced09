package io.sparkdiffusion.torch;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
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

  Shape shape() {
    return shape;
  }

  /** All values of a contiguous float32 tensor, copied to the host. */
  public float[] toFloats() {
    return device.call(() -> toFloats(device.manager(), value()::toTensor));
  }

  /**
   * The values of an array that is made in a manager of its own: DJL hangs a copy on the CPU below
   * the array's manager and leaves it there for as long as that is open.
   */
  static float[] toFloats(PtNDManager manager, Function<PtNDManager, PtNDArray> make) {
    try (PtNDManager own = manager.newSubManager(manager.getDevice());
        PtNDArray array = make.apply(own)) {
      return array.toFloatArray();
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
