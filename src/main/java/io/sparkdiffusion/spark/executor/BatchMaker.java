package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.metadata.Provenance;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.pipeline.InputPixels;
import io.sparkdiffusion.request.BatchKey;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.spark.model.TextsAhead;
import io.sparkdiffusion.spark.table.UnusableImageException;
import io.sparkdiffusion.torch.OutOfDeviceMemoryException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;

/** Makes the images of batches on the device of the task that it was made for, on any thread. */
final class BatchMaker implements AutoCloseable {

  private final GenerationMetrics metrics = GenerationMetrics.ofThisJvm();
  private final String device;
  private final ModelTurns.Lease lease;
  private final LoadedGenerator loaded;
  private final Provenance.Versions versions;
  private final Provenance.Computation computation;
  private final UselessBatches.Attempt attempt;
  private final InputReader inputs;

  /**
   * An image that is made, or why it is not.
   *
   * @param batchSize of the batch that it was in
   */
  record Made(PlannedImage planned, ImageResult result, int batchSize) {}

  private BatchMaker(
      String device, ModelTurns.Lease lease, UselessBatches.Attempt attempt, InputReader inputs) {
    this.device = device;
    this.lease = lease;
    this.loaded = lease.loaded();
    this.versions = loaded.generator().versions();
    this.computation = loaded.generator().computation();
    this.attempt = attempt;
    this.inputs = inputs;
  }

  /** Loads the model unless another task of this JVM has, which a closed one gives back. */
  static BatchMaker ofRunningTask(GenerationRun run, Model model, Configuration hadoop) {
    String device = run.chooseDevice();
    TaskContext task = TaskContext.get();
    return new BatchMaker(
        device,
        LostDevice.guard(device, () -> LoadedGenerators.take(run.models(), model, device, hadoop)),
        new UselessBatches.Attempt(task.stageId() + "." + task.partitionId(), task.attemptNumber()),
        new InputReader(hadoop));
  }

  String device() {
    return device;
  }

  /** The times and halvings that nobody was told yet, whoever caused them. */
  void tellTo(GenerationCounters counters) {
    counters.addBatchHalvings(loaded.takeHalvings());
    counters.addTimes(loaded.takeTimes());
  }

  Provenance.Versions versions() {
    return versions;
  }

  Provenance.Computation computation() {
    return computation;
  }

  /** What has been made keeps its facts; nothing more can be made. */
  @Override
  public void close() {
    lease.close();
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

  /** Makes a batch, in parts where the device does not hold it. */
  Queue<Made> make(PlannedBatches.Batch batch) {
    List<PlannedImage> images = batch.images();
    BatchKey key = images.get(0).request().batchKey();
    Queue<Made> made = new ArrayDeque<>(images.size());
    while (made.size() < images.size()) {
      int batchSize = Math.min(batch.most(), loaded.batchSize(key));
      int end = Math.min(made.size() + batchSize, images.size());
      made.addAll(make(images.subList(made.size(), end), key, batchSize));
    }
    return made;
  }

  /** Those whose input images can be read, and what became of the others. */
  private List<Made> make(List<PlannedImage> planned, BatchKey key, int batchSize) {
    IdentityHashMap<ImageRequest, Map<InputImage, byte[]>> pixels = new IdentityHashMap<>();
    List<PlannedImage> started = new ArrayList<>();
    List<Made> made = new ArrayList<>();
    for (PlannedImage one : planned) {
      try {
        pixels.put(one.request(), inputs.rgb(one));
        started.add(one);
      } catch (UnusableImageException e) {
        ImageResult failed = new ImageResult.Failed(one.request(), e.getMessage());
        made.add(new Made(one, failed, batchSize));
      }
    }
    if (started.isEmpty()) {
      return made;
    }
    List<Made> others = make(started, (one, input) -> pixels.get(one).get(input), key, batchSize);
    made.addAll(others);
    return others.isEmpty() ? List.of() : made;
  }

  /** Nothing where the batch did not fit the device's memory and a smaller one is to be tried. */
  private List<Made> make(
      List<PlannedImage> planned, InputPixels images, BatchKey key, int batchSize) {
    List<ImageRequest> requests = planned.stream().map(PlannedImage::request).toList();
    try {
      List<ImageResult> results =
          LostDevice.guard(device, () -> loaded.generator().generate(requests, images, batchSize));
      metrics.batchMade(results);
      requireNumbers(results);
      return made(planned, results, batchSize);
    } catch (OutOfDeviceMemoryException e) {
      return loaded.halve(key, batchSize)
          ? List.of()
          : made(planned, requests.stream().map(one -> tooLarge(one, e)).toList(), batchSize);
    }
  }

  private static List<Made> made(
      List<PlannedImage> planned, List<ImageResult> results, int batchSize) {
    return IntStream.range(0, planned.size())
        .mapToObj(i -> new Made(planned.get(i), results.get(i), batchSize))
        .toList();
  }

  /**
   * A GPU that has made nothing but NaN for some batches fails the task, so that Spark counts it
   * against the executor and tries again, elsewhere where it can; what gives the same then is
   * failed rows, as a model's NaN are.
   */
  private void requireNumbers(List<ImageResult> results) {
    boolean isOthersConcern =
        device.equals("cpu") || !LostDevice.isExecutorOfItsOwn(SparkEnv.get());
    if (loaded.givesNoNumbers(results) && !isOthersConcern && loaded.shallFail(attempt)) {
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
}
