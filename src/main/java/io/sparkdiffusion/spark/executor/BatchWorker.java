package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.metadata.Provenance;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.request.BatchKey;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.spark.model.GeneratorFactory;
import io.sparkdiffusion.spark.model.TextsAhead;
import io.sparkdiffusion.torch.OutOfDeviceMemoryException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Row;

/** Makes the result rows of one batch at a time, on the device of the running task. */
final class BatchWorker {

  private final GenerationRun run;
  private final GenerationCounters counters;
  private final GenerationMetrics metrics = GenerationMetrics.ofThisJvm();
  private final String device;
  private final LoadedGenerator loaded;
  private final ImageWriter images;
  private final ResultRows rows;
  private final Configuration hadoop;

  /** Loads the model unless another task of this JVM has. */
  BatchWorker(GenerationRun run, GenerationCounters counters, Configuration hadoop) {
    GeneratorFactory generators = run.model().generators();
    this.run = run;
    this.counters = counters;
    this.device = run.chooseDevice();
    this.loaded =
        LostDevice.guard(device, () -> LoadedGenerators.getOrCreate(generators, device, hadoop));
    this.images = openImages(run, hadoop);
    this.rows = new ResultRows(run);
    this.hadoop = hadoop;
    counters.addTimes(loaded.takeTimes());
  }

  private static ImageWriter openImages(GenerationRun run, Configuration hadoop) {
    try {
      return new ImageWriter(run, hadoop);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot open the folder of images: " + e.getMessage(), e);
    }
  }

  /** How many planned images the model wants to know before it makes the next one. */
  int imagesAhead() {
    return loaded.generator().textsAhead().map(TextsAhead::images).orElse(1);
  }

  /** Tells the model of planned images that come soon. */
  void expect(List<PlannedImage> soon) {
    List<ImageRequest> requests = soon.stream().map(PlannedImage::request).toList();
    LostDevice.guard(
        device,
        () -> {
          loaded.generator().textsAhead().ifPresent(texts -> texts.encode(requests));
          return true;
        });
  }

  /**
   * Works off one batch.
   *
   * @param planned planned images with the same batch key, at most {@code most}
   * @param most images in a batch, which is filled up to it where the device holds as many
   */
  List<Row> work(List<PlannedImage> planned, int most) {
    requireHeld();
    BatchKey key = planned.get(0).request().batchKey();
    List<Row> done = new ArrayList<>(planned.size());
    while (done.size() < planned.size()) {
      int batchSize = Math.min(most, loaded.batchSize(key));
      int end = Math.min(done.size() + batchSize, planned.size());
      done.addAll(work(planned.subList(done.size(), end), key, batchSize));
    }
    counters.addBatchHalvings(loaded.takeHalvings());
    counters.addTimes(loaded.takeTimes());
    counters.addImages(planned.size());
    return done;
  }

  /** Whoever outlives its driver, or stood still, ends here and spends no more time on a device. */
  void requireHeld() {
    try {
      run.store().hold().require(hadoop);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  /** Nothing where the batch did not fit the device's memory and a smaller one is to be tried. */
  private List<Row> work(List<PlannedImage> planned, BatchKey key, int batchSize) {
    List<ImageRequest> requests = planned.stream().map(PlannedImage::request).toList();
    List<ImageResult> results;
    try {
      results = LostDevice.guard(device, () -> loaded.generator().generate(requests, batchSize));
      metrics.batchMade(results);
      requireNumbers(results);
    } catch (OutOfDeviceMemoryException e) {
      if (loaded.halve(key, batchSize)) {
        return List.of();
      }
      results = requests.stream().map(request -> tooLarge(request, e)).toList();
    }
    List<Row> done = new ArrayList<>(planned.size());
    for (int i = 0; i < planned.size(); i++) {
      done.add(row(planned.get(i), results.get(i), batchSize));
    }
    return done;
  }

  /**
   * A GPU that has made nothing but NaN for some batches fails the task once, so that Spark counts
   * it against the executor and tries again, elsewhere where it can; what gives the same then is
   * failed rows, as a model's NaN are.
   */
  private void requireNumbers(List<ImageResult> results) {
    boolean canBeTriedElsewhere =
        !device.equals("cpu")
            && LostDevice.isExecutorOfItsOwn(SparkEnv.get())
            && TaskContext.get().attemptNumber() == 0;
    if (loaded.givesNoNumbers(results) && canBeTriedElsewhere) {
      throw new IllegalStateException(
          ("Cannot go on: device %s must give finite numbers (NaN or infinity for whole batches);"
                  + " where all devices do so, set activations_dtype=bfloat16 or float32")
              .formatted(device));
    }
  }

  private static ImageResult tooLarge(ImageRequest request, OutOfDeviceMemoryException e) {
    return new ImageResult.Failed(
        request,
        ("Cannot generate the image: the device's memory must hold it alone (%s x %s%s); make it"
                + " smaller or use activations_dtype=bfloat16")
            .formatted(
                request.widthPixels(),
                request.heightPixels(),
                e.said().map(": %s"::formatted).orElse("")));
  }

  private Row row(PlannedImage planned, ImageResult result, int batchSize) {
    if (result instanceof ImageResult.Failed failed) {
      return failed(planned.row(), failed.reason());
    }
    ImageResult.Generated generated = (ImageResult.Generated) result;
    ImageRequest request = generated.request();
    RgbImage image = new RgbImage(request.widthPixels(), request.heightPixels(), generated.rgb());
    if (image.isFlat()) {
      return failed(planned.row(), "Cannot keep the image: all its pixels are the same");
    }
    String hash = planned.requestHash();
    WrittenImage kept = images.keep(request, hash, image);
    metrics.imageDone();
    return rows.generated(planned.row(), generated, kept, provenance(request, hash, batchSize));
  }

  private Row failed(Row planned, String reason) {
    metrics.imageFailed();
    return rows.failed(planned, reason);
  }

  private String provenance(ImageRequest request, String requestHash, int batchSize) {
    return new Provenance(
            loaded.generator().versions(),
            loaded.generator().computation().withBatchSize(batchSize),
            run.model().digest(),
            run.model().schedulers().told(request.scheduler()),
            requestHash)
        .toJson();
  }
}
