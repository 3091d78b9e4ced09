package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.pipeline.PipelineTimes;
import io.sparkdiffusion.request.BatchKey;
import io.sparkdiffusion.spark.model.GeneratorFactory;
import io.sparkdiffusion.spark.model.ImageGenerator;
import java.time.Duration;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A generator that loads once and tells each piece of its time to one task only. */
final class LoadedGenerator implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(LoadedGenerator.class);
  private static final PipelineTimes NONE =
      new PipelineTimes(Duration.ZERO, Duration.ZERO, Duration.ZERO);

  private final GeneratorFactory factory;
  private final String device;
  private volatile ImageGenerator generator;
  private final NavigableMap<Long, Integer> smallerBatchSizes = new TreeMap<>();
  private final UselessBatches useless = new UselessBatches();
  private int halvings;
  private PipelineTimes told = NONE;

  LoadedGenerator(GeneratorFactory factory, String device) {
    this.factory = factory;
    this.device = device;
  }

  /** Loads the model unless it is there; after a failure the next task tries again. */
  void load(Configuration hadoop) {
    if (generator == null) {
      synchronized (this) {
        if (generator == null) {
          LOG.info("Loading the model on {}", device);
          ImageGenerator made = factory.load(device, hadoop);
          generator = made;
          GenerationMetrics.ofThisJvm().modelLoaded(device);
        }
      }
    }
  }

  ImageGenerator generator() {
    return generator;
  }

  /** How many such images go through the networks together. */
  int batchSize(BatchKey key) {
    int asItBegan = generator.batchSize(key);
    synchronized (this) {
      return smallerBatchSizes.headMap(pixels(key), true).values().stream()
          .reduce(asItBegan, Math::min);
    }
  }

  private static long pixels(BatchKey key) {
    return (long) key.heightPixels() * key.widthPixels();
  }

  /**
   * Halves the batches of images of this size and larger ones, because one did not fit; unless
   * another task already has.
   *
   * @return whether a smaller batch can be tried
   */
  synchronized boolean halve(BatchKey key, int didNotFit) {
    long pixels = pixels(key);
    if (batchSize(key) < didNotFit) {
      return true;
    }
    if (didNotFit == 1) {
      return false;
    }
    smallerBatchSizes.put(pixels, didNotFit / 2);
    halvings++;
    GenerationMetrics.ofThisJvm().batchHalved();
    LOG.warn(
        "{} images of {} pixels in a batch do not fit {}: going on with {}",
        didNotFit,
        pixels,
        device,
        didNotFit / 2);
    return true;
  }

  /** Whether this batch and those before it show that the device gives no numbers any more. */
  boolean givesNoNumbers(List<ImageResult> results) {
    return useless.areTooMany(results);
  }

  /** Whether a task that it gives no numbers shall fail. */
  boolean shallFail(UselessBatches.Attempt attempt) {
    return useless.shallFail(attempt);
  }

  /** How often batches were halved since the last call, by whichever task. */
  synchronized int takeHalvings() {
    int taken = halvings;
    halvings = 0;
    return taken;
  }

  /** The time spent since the last call, by whichever task. */
  synchronized PipelineTimes takeTimes() {
    PipelineTimes now = generator.times();
    PipelineTimes spent =
        new PipelineTimes(
            now.load().minus(told.load()),
            now.compile().minus(told.compile()),
            now.inference().minus(told.inference()));
    told = now;
    return spent;
  }

  @Override
  public synchronized void close() {
    if (generator != null) {
      generator.close();
      generator = null;
      told = NONE;
    }
  }
}
