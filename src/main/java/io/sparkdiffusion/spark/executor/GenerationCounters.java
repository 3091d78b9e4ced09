package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.pipeline.PipelineTimes;
import java.io.Serializable;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.apache.spark.SparkContext;
import org.apache.spark.util.LongAccumulator;

/**
 * What executors count while they work. Values reach the driver with each heartbeat and at the end
 * of each task; a repeated task may count twice, so exact numbers come from the rows.
 */
public record GenerationCounters(
    LongAccumulator images,
    LongAccumulator loadNanos,
    LongAccumulator compileNanos,
    LongAccumulator inferenceNanos,
    LongAccumulator batchHalvings)
    implements Serializable {

  /** The name of the counter of finished images. */
  public static final String IMAGES = "spark-diffusion images";

  private static final Map<Long, LongAdder> HERE = new ConcurrentHashMap<>();

  /** Counters that start at zero. */
  public static GenerationCounters register(SparkContext context) {
    return new GenerationCounters(
        context.longAccumulator(IMAGES),
        context.longAccumulator("spark-diffusion load nanoseconds"),
        context.longAccumulator("spark-diffusion compile nanoseconds"),
        context.longAccumulator("spark-diffusion inference nanoseconds"),
        context.longAccumulator("spark-diffusion batch halvings"));
  }

  void addImages(int count) {
    images.add(count);
    HERE.computeIfAbsent(images.id(), any -> new LongAdder()).add(count);
  }

  /** What tasks of this JVM have counted so far, which nobody need wait for a heartbeat to know. */
  public static long imagesHere(long counterId) {
    LongAdder counted = HERE.get(counterId);
    return counted == null ? 0 : counted.sum();
  }

  void addBatchHalvings(int count) {
    batchHalvings.add(count);
  }

  void addTimes(PipelineTimes spent) {
    loadNanos.add(spent.load().toNanos());
    compileNanos.add(spent.compile().toNanos());
    inferenceNanos.add(spent.inference().toNanos());
  }
}
