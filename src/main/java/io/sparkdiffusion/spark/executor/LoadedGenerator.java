package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.pipeline.PipelineTimes;
import java.time.Duration;
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
  private PipelineTimes told = NONE;

  LoadedGenerator(GeneratorFactory factory, String device) {
    this.factory = factory;
    this.device = device;
  }

  /** Loads the model unless it is there; after a failure the next task tries again. */
  void load() {
    if (generator == null) {
      synchronized (this) {
        if (generator == null) {
          LOG.info("Loading the model on {}", device);
          generator = factory.load(device);
        }
      }
    }
  }

  ImageGenerator generator() {
    return generator;
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
    }
  }
}
