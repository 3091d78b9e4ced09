package io.sparkdiffusion.spark.executor;

import com.codahale.metrics.Counter;
import com.codahale.metrics.ExponentiallyDecayingReservoir;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.Histogram;
import com.codahale.metrics.MetricRegistry;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.torch.GpuMemory;
import io.sparkdiffusion.util.ProcessMemory;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What this JVM has done since it began, for whichever tasks and runs. {@link DiffusionPlugin}
 * shows it through Spark; where that is not installed nobody looks.
 */
final class GenerationMetrics {

  private static final GenerationMetrics THIS_JVM = new GenerationMetrics();
  private static final int NANOS_PER_MICROSECOND = 1000;

  private final Counter imagesDone = new Counter();
  private final Counter imagesFailed = new Counter();
  private final Counter modelsLoaded = new Counter();
  private final Counter batchHalvings = new Counter();
  private final Histogram batchSize = histogram();
  private final Histogram stepMicroseconds = histogram();
  private final Set<String> devices = ConcurrentHashMap.newKeySet();

  private GenerationMetrics() {}

  static GenerationMetrics ofThisJvm() {
    return THIS_JVM;
  }

  private static Histogram histogram() {
    return new Histogram(new ExponentiallyDecayingReservoir());
  }

  /**
   * Adds everything to a registry. Units stand in the names, since Spark's sinks tell none. The
   * process's memory is the device's where that is a CPU.
   */
  void register(MetricRegistry registry) {
    registry.register("images_done", imagesDone);
    registry.register("images_failed", imagesFailed);
    registry.register("models_loaded", modelsLoaded);
    registry.register("batch_halvings", batchHalvings);
    registry.register("batch_size", batchSize);
    registry.register("step_microseconds", stepMicroseconds);
    registry.register("gpu_memory_bytes", (Gauge<Long>) this::gpuMemoryBytes);
    if (ProcessMemory.isKnown()) {
      registry.register(
          "process_anonymous_memory_bytes", (Gauge<Long>) ProcessMemory::anonymousBytes);
    }
  }

  private long gpuMemoryBytes() {
    return devices.stream().mapToLong(GpuMemory::takenBytes).sum();
  }

  void modelLoaded(String device) {
    modelsLoaded.inc();
    devices.add(device);
  }

  void batchHalved() {
    batchHalvings.inc();
  }

  void imageDone() {
    imagesDone.inc();
  }

  void imageFailed() {
    imagesFailed.inc();
  }

  /**
   * Notes the size of a batch without its padding, and what it took for each step: inference with
   * its texts and its decoding, without compiling.
   */
  void batchMade(List<ImageResult> results) {
    batchSize.update(results.size());
    results.stream()
        .filter(ImageResult.Generated.class::isInstance)
        .map(ImageResult.Generated.class::cast)
        .findFirst()
        .ifPresent(any -> stepMicroseconds.update(microsecondsOfStep(any, results.size())));
  }

  private static long microsecondsOfStep(ImageResult.Generated result, int images) {
    long batchNanos = result.inference().toNanos() * images;
    return batchNanos / result.request().numInferenceSteps() / NANOS_PER_MICROSECOND;
  }
}
