package io.sparkdiffusion.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.config.WeightFormat;
import io.sparkdiffusion.family.Component;
import io.sparkdiffusion.family.ModelFamily;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.LowRank;
import io.sparkdiffusion.graph.RawWeight;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.graph.WeightSource;
import io.sparkdiffusion.kernel.Packing;
import io.sparkdiffusion.testing.AnonymousMemory;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.torch.WeightDictionary;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Loading holds the converted weights and one source more, nothing of the files. */
class LoadingMemoryTest {

  private static final int TENSORS = 2;

  /** Above 32 MiB in every type: the allocator gives such blocks back as soon as they are free. */
  private static final Shape SHAPE = Shape.of(2048, 1024, 3, 3);

  private static final long ALLOWANCE_BYTES = 8L << 20;

  /**
   * The JVM compiles and collects while it is watched; the median of several loads is the loads'.
   */
  private static final int TIMES = 3;

  @TempDir Path root;

  @ParameterizedTest
  @CsvSource({
    "F32, FLOAT32",
    "F32, BFLOAT16",
    "F16, FLOAT32",
    "BF16, BFLOAT16",
    "Flax F32, FLOAT32",
    "Flax F32, BFLOAT16",
    "F32 packed, FLOAT32",
    "F32 packed, BFLOAT16",
    "F32 adapted, FLOAT32",
    "F16 adapted, BFLOAT16",
    "F32 adapted packed, FLOAT32"
  })
  void thePeakIsTheConvertedWeightsAndTheLargestTensor(String stored, Dtype dtype)
      throws Exception {
    assumeTrue(
        AnonymousMemory.isKnown(), "RssAnon is read from /proc/self/status, which is not here");
    long source = SHAPE.count() * (stored.contains("F32") ? 4 : 2);
    boolean isFlax = stored.startsWith("Flax");
    Map<String, Shape> wanted =
        isFlax ? writeFlax(source) : writeZeros(stored.split(" ", 2)[0], source);
    Map<String, Packing> packings = new LinkedHashMap<>();
    if (stored.endsWith("packed")) {
      Packing packing = new Packing.Convolution(Shape.of(2, SHAPE.size(1), 8, 8), 1, 1);
      wanted.keySet().forEach(name -> packings.put(name, packing));
    }
    WeightChoice choice = WeightChoice.of(isFlax ? WeightFormat.FLAX : WeightFormat.SAFETENSORS);
    try (TorchDevice device = TorchDevice.open("cpu")) {
      boolean isAdapted = stored.contains("adapted");
      WeightSource weights =
          ModelFamily.STABLE_DIFFUSION.weights(root, choice, Component.UNET, wanted);
      weights = isAdapted ? adapted(weights) : weights;
      WeightDictionary.load(device, weights, dtype, packings).close();
      long[] kept = new long[TIMES];
      long[] taken = new long[TIMES];
      for (int i = 0; i < TIMES; i++) {
        settle();
        long before = AnonymousMemory.bytes();
        AtomicLong peak = new AtomicLong();
        Thread sampler = sampler(peak);
        try (WeightDictionary loaded = WeightDictionary.load(device, weights, dtype, packings)) {
          kept[i] = AnonymousMemory.bytes() - before;
          sampler.interrupt();
          sampler.join();
          taken[i] = Math.max(peak.get() - before, kept[i]);
        }
      }
      long converted = TENSORS * SHAPE.count() * dtype.bytes();
      System.out.printf(
          "%s to %s: %s bytes at the peak, %s kept, of %,d converted and %,d the largest%n",
          stored, dtype, Arrays.toString(taken), Arrays.toString(kept), converted, source);
      assertThat(median(kept)).isBetween(converted - ALLOWANCE_BYTES, converted + ALLOWANCE_BYTES);
      assertThat(median(taken))
          .isBetween(
              converted - ALLOWANCE_BYTES,
              converted + source + (isAdapted ? 4 * SHAPE.count() : 0) + ALLOWANCE_BYTES);
    }
  }

  /** With an adapter of rank 4 for every weight. */
  private static WeightSource adapted(WeightSource weights) {
    LowRank addition = new LowRank(1, zeros(SHAPE.size(0), 4), zeros(4, 9 * SHAPE.size(1)), 4);
    return reader ->
        weights.forEach(
            (name, raw, shape) ->
                reader.read(name, () -> raw.get().plus(List.of(addition)), shape));
  }

  private static RawWeight zeros(long rows, long columns) {
    ByteBuffer bytes = ByteBuffer.allocateDirect(Math.toIntExact(4 * rows * columns));
    return new RawWeight(bytes, Dtype.FLOAT32, Shape.of(rows, columns));
  }

  private static long median(long[] values) {
    return Arrays.stream(values).sorted().toArray()[values.length / 2];
  }

  /**
   * So that the JVM's own memory does not grow while it is watched, and gives nothing back that an
   * earlier load has left: buffers outside of the heap are freed by a thread after a collection.
   */
  private static void settle() {
    for (int i = 0; i < 256; i++) {
      assertThat(new byte[1 << 20]).isNotEmpty();
    }
    System.gc();
    for (long before = -1, now = 0; before != now; now = AnonymousMemory.bytes()) {
      before = now;
      LockSupport.parkNanos(20_000_000);
    }
    AnonymousMemory.giveBackFree();
  }

  /** A file with holes: zeros that take no space. */
  private Map<String, Shape> writeZeros(String type, long bytes) throws IOException {
    Map<String, Shape> wanted = new LinkedHashMap<>();
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; i < TENSORS; i++) {
      wanted.put("w" + i, SHAPE);
      header.append(i == 0 ? "" : ",");
      header.append(
          "\"w%d\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
              .formatted(i, type, SHAPE, i * bytes, (i + 1) * bytes));
    }
    String json = header.append("}").toString();
    Path file =
        TensorFileMaker.write(
            root.resolve("unet/diffusion_pytorch_model.safetensors"), json, new byte[0]);
    long size = 8 + json.getBytes(StandardCharsets.UTF_8).length + TENSORS * bytes;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(1), size - 1);
    }
    return wanted;
  }

  /** Kernels, which loading has to turn. */
  private Map<String, Shape> writeFlax(long bytes) throws IOException {
    FlaxFileMaker.holes(
        root.resolve("unet/diffusion_flax_model.msgpack"),
        TENSORS,
        "float32",
        Math.toIntExact(bytes),
        Shape.of(3, 3, 1024, 2048));
    return Map.of("w0.weight", SHAPE, "w1.weight", SHAPE);
  }

  private static Thread sampler(AtomicLong peak) {
    Thread sampler =
        new Thread(
            () -> {
              while (!Thread.currentThread().isInterrupted()) {
                peak.accumulateAndGet(AnonymousMemory.bytes(), Math::max);
                LockSupport.parkNanos(1_000_000);
              }
            },
            "sampler");
    sampler.setDaemon(true);
    sampler.start();
    return sampler;
  }
}
