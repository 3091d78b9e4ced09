package io.sparkdiffusion.testing;

import io.sparkdiffusion.metadata.Provenance;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.pipeline.PipelineTimes;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.spark.model.GeneratorFactory;
import io.sparkdiffusion.spark.model.ImageGenerator;
import io.sparkdiffusion.spark.model.Model;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;

/** A {@link FakeModel} that shows each batch to a test of the same JVM before it makes it. */
public final class WatchedModel {

  private static final Map<String, Consumer<List<String>>> WATCHERS = new ConcurrentHashMap<>();

  private WatchedModel() {}

  /**
   * A model.
   *
   * @param watcher is given the ids of a batch, on the thread that makes it, which waits
   */
  public static Model named(String name, Consumer<List<String>> watcher) {
    WATCHERS.put(name, watcher);
    Model fake = FakeModel.named(name);
    return new Model(
        name,
        fake.commit(),
        fake.digest(),
        fake.schedulers(),
        fake.trainedSizePixels(),
        fake.tileSizePixels(),
        fake.doubts(),
        new Factory(fake.generators(), name));
  }

  private record Factory(GeneratorFactory fake, String name) implements GeneratorFactory {

    @Override
    public void check(Configuration hadoop) {
      fake.check(hadoop);
    }

    @Override
    public ImageGenerator load(String device, Configuration hadoop) {
      return new Generator(fake.load(device, hadoop), name);
    }

    @Override
    public int gpuCount() {
      return 0;
    }
  }

  private record Generator(ImageGenerator fake, String name) implements ImageGenerator {

    @Override
    public List<ImageResult> generate(List<ImageRequest> requests, int batchSize) {
      WATCHERS.get(name).accept(requests.stream().map(ImageRequest::id).toList());
      return fake.generate(requests, batchSize);
    }

    @Override
    public PipelineTimes times() {
      return fake.times();
    }

    @Override
    public Provenance.Computation computation() {
      return fake.computation();
    }

    @Override
    public Provenance.Versions versions() {
      return fake.versions();
    }

    @Override
    public void close() {
      fake.close();
    }
  }
}
