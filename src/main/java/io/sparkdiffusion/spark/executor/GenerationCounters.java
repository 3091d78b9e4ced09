package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.pipeline.PipelineTimes;
import java.io.Serializable;
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
