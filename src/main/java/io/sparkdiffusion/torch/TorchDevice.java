package io.sparkdiffusion.torch;

import ai.djl.Device;
import ai.djl.ndarray.types.DataType;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.GraphException;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.kernel.CudaKernels;
import io.sparkdiffusion.kernel.Target;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * One CPU or GPU and the one thread that talks to it. libtorch's compiler recurses deeply, so the
 * thread has a large stack; it also puts the calls of several tasks in a row.
 */
public final class TorchDevice implements AutoCloseable {

  private static final long STACK_BYTES = 64L << 20;

  private final String name;
  private final Device device;
  private final CudaKernels cuda;
  private final ExecutorService thread;
  private final PtNDManager manager;
  private final HostMemory host = new HostMemory();
  private final Runnable beforeEachRun;
  private final AtomicLong copies = new AtomicLong();
  private volatile Optional<Thread> worker = Optional.empty();

  /** Whether who waits for the running call was interrupted; read on the device's thread. */
  private AtomicBoolean interrupted = new AtomicBoolean();

  private TorchDevice(String name, Device device) {
    this.name = name;
    this.device = device;
    this.cuda = isGpu() ? CudaKernels.ofThisProcess() : CudaKernels.USUAL;
    this.thread =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread made = new Thread(null, task, "libtorch-" + name, STACK_BYTES);
              made.setDaemon(true);
              worker = Optional.of(made);
              return made;
            });
    this.manager =
        call(
            () -> {
              PtNDManager made = TorchEngine.newManager(device);
              JniUtils.setGradMode(false);
              // Nothing is specialised after some calls, so that they all give the same bytes. On a
              // GPU it would compile kernels of its own besides, by NVRTC.
              JniUtils.setGraphExecutorOptimize(cuda.fuser() == CudaKernels.Switch.ON);
              return made;
            });
    this.beforeEachRun = isGpu() ? () -> {} : call(() -> new ExpOverflow(manager))::read;
  }

  /**
   * Opens a device.
   *
   * @param name {@code cpu}, {@code cuda} (the first GPU) or {@code cuda:N}
   * @throws GraphException where CUDA is asked for and libtorch sees no such GPU
   */
  public static TorchDevice open(String name) {
    if (name.equals("cpu")) {
      return new TorchDevice(name, Device.cpu());
    }
    if (!name.matches("cuda(:\\d{1,3})?")) {
      throw new GraphException(
          "Cannot open a device: it must be cpu, cuda or cuda:N (%s)".formatted(name));
    }
    int index = name.equals("cuda") ? 0 : CudaDevice.ordinal(name);
    int count = gpuCount();
    if (index >= count) {
      throw new GraphException(
          "Cannot open device %s: libtorch must see that GPU (it sees %s%s); use another, or device=cpu"
              .formatted(
                  name,
                  count,
                  TorchEngine.whyNoGpu().stream()
                      .map(why -> "; " + why.reason())
                      .collect(Collectors.joining())));
    }
    return new TorchDevice("cuda:" + index, Device.gpu(index));
  }

  /** How many GPUs libtorch can use. */
  public static int gpuCount() {
    return TorchEngine.whyNoGpu().isEmpty() ? TorchEngine.start().getGpuCount() : 0;
  }

  /** True for a GPU. */
  public boolean isGpu() {
    return device.isGpu();
  }

  /** The kernels that are fast here in a type. */
  public Target target(Dtype dtype) {
    return isGpu() ? Target.cuda(dtype, cuda) : new Target(dtype, OneDnn.kernels(this, dtype));
  }

  /** Whether images lie with their channels last, and the weights of convolutions too. */
  boolean keepsChannelsLast() {
    return cuda.groupNorm() != CudaKernels.GroupNorm.CHANNELS_FIRST;
  }

  /**
   * Runs native work on the device's thread and waits for it to end, even where the caller is
   * interrupted: what the work opened would have no owner. No graph is begun then, though, so that
   * long work ends between two of them. Work that is on that thread already goes on there.
   *
   * @throws GraphException where the device is closed
   * @throws OutOfDeviceMemoryException where its memory does not suffice
   * @throws BrokenDeviceException where this process cannot use it any more
   */
  public <T> T call(Supplier<T> work) {
    if (isWorker()) {
      return work.get();
    }
    AtomicBoolean waiterInterrupted = new AtomicBoolean(Thread.interrupted());
    try {
      return await(submit(work, waiterInterrupted), waiterInterrupted);
    } catch (ExecutionException e) {
      throwIfOfDevice(name, e.getCause());
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(e);
    } finally {
      if (waiterInterrupted.get()) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private boolean isWorker() {
    return worker.filter(Thread.currentThread()::equals).isPresent();
  }

  private <T> Future<T> submit(Supplier<T> work, AtomicBoolean waiterInterrupted) {
    try {
      return thread.submit(
          () -> {
            interrupted = waiterInterrupted;
            return work.get();
          });
    } catch (RejectedExecutionException e) {
      throw new GraphException("Cannot use device %s: it must be open (closed)".formatted(name), e);
    }
  }

  /** Waits on where it is interrupted, and notes that. */
  private static <T> T await(Future<T> result, AtomicBoolean waiterInterrupted)
      throws ExecutionException {
    while (true) {
      try {
        return result.get();
      } catch (InterruptedException e) {
        waiterInterrupted.set(true);
      }
    }
  }

  /** Whether the thread that uses the device was interrupted, waiting or not. */
  boolean isUserInterrupted() {
    return isWorker() ? interrupted.get() : Thread.currentThread().isInterrupted();
  }

  /** How often values were copied from the host to the device or back so far. */
  public long copies() {
    return copies.get();
  }

  void countCopy() {
    copies.incrementAndGet();
  }

  /** The same as {@link #call} for work without a result. */
  public void run(Runnable work) {
    call(
        () -> {
          work.run();
          return Optional.empty();
        });
  }

  /** Throws what a failure of libtorch says of the device, if anything. */
  static void throwIfOfDevice(String name, Throwable failure) {
    if (OutOfDeviceMemoryException.isMeantBy(failure)) {
      throw new OutOfDeviceMemoryException(name, failure);
    }
    if (BrokenDeviceException.isMeantBy(failure)) {
      throw new BrokenDeviceException(name, failure);
    }
  }

  /** Copies float32 values to the device; the caller closes the result. */
  public DeviceTensor floats(float[] values, long... sizes) {
    ByteBuffer bytes = host.take(4L * values.length);
    bytes.asFloatBuffer().put(values);
    return tensor(bytes, DataType.FLOAT32, Shape.of(sizes), () -> host.giveBack(bytes));
  }

  /** Copies int64 values to the device; the caller closes the result. */
  public DeviceTensor longs(long[] values, long... sizes) {
    ByteBuffer bytes = host.take(8L * values.length);
    bytes.asLongBuffer().put(values);
    return tensor(bytes, DataType.INT64, Shape.of(sizes), () -> host.giveBack(bytes));
  }

  /** Copies uint8 values to the device; the caller closes the result. */
  public DeviceTensor bytes(byte[] values, long... sizes) {
    ByteBuffer bytes = host.take(values.length);
    bytes.put(values).flip();
    return tensor(bytes, DataType.UINT8, Shape.of(sizes), () -> host.giveBack(bytes));
  }

  /**
   * Little-endian elements as a tensor of rank 1, on a CPU without a copy.
   *
   * @param bytes a direct buffer, which the result keeps reachable
   * @return the elements; those of bfloat16, which ends DJL's JVM, as their bytes
   */
  DeviceTensor elements(ByteBuffer bytes, Dtype dtype) {
    DataType type =
        switch (dtype) {
          case FLOAT32 -> DataType.FLOAT32;
          case FLOAT16 -> DataType.FLOAT16;
          case INT64 -> DataType.INT64;
          case UINT8, BFLOAT16 -> DataType.UINT8;
        };
    Shape shape = Shape.of(bytes.remaining() / type.getNumOfBytes());
    return tensor(bytes, type, shape, new Reachable(bytes));
  }

  /** Memory that a tensor lies in and that the collector frees after it. */
  private record Reachable(ByteBuffer memory) implements Runnable {

    @Override
    public void run() {}
  }

  private DeviceTensor tensor(ByteBuffer bytes, DataType type, Shape shape, Runnable release) {
    if (shape.count() * type.getNumOfBytes() != bytes.remaining()) {
      throw new IllegalArgumentException(
          "Cannot make a tensor: the values must fill its shape (%s bytes, %s)"
              .formatted(bytes.remaining(), shape));
    }
    countCopy();
    return call(
        () -> {
          try (PtNDArray array =
              manager.create(bytes, new ai.djl.ndarray.types.Shape(shape.sizes()), type)) {
            return new DeviceTensor(this, IValue.from(array), shape, release);
          }
        });
  }

  PtNDManager manager() {
    return manager;
  }

  /** What this kind of device needs before it computes a graph; nothing on a GPU. */
  void prepareRun() {
    beforeEachRun.run();
  }

  /** Free GPU memory now, what libtorch keeps for later not counted; 0 on a CPU. */
  public long freeMemoryBytes() {
    return GpuMemory.freeBytes(name);
  }

  /** Gives cached GPU memory back to the driver; nothing on a CPU. */
  public void releaseCachedMemory() {
    if (isGpu()) {
      run(JniUtils::emptyCudaCache);
    }
  }

  /** Ends the thread; tensors and graphs of this device must be closed before. */
  @Override
  public void close() {
    if (!thread.isShutdown()) {
      releaseCachedMemory();
      run(manager::close);
      thread.shutdown();
    }
  }
}
