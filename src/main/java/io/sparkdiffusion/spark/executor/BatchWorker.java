package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.metadata.Provenance;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.spark.model.Model;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.Optional;
import java.util.Queue;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Row;
import org.apache.spark.util.TaskCompletionListener;

/** Works off the batches of the running task: made on its device, then encoded row by row. */
final class BatchWorker {

  private final GenerationRun run;
  private final Model model;
  private final GenerationCounters counters;
  private final GenerationMetrics metrics = GenerationMetrics.ofThisJvm();
  private final BatchMaker maker;
  private final Optional<AheadThread> ahead;
  private final ImageWriter images;
  private final ResultRows rows;
  private final Configuration hadoop;

  /**
   * Loads the model unless another task of this JVM has.
   *
   * @param model of the run
   */
  BatchWorker(GenerationRun run, Model model, GenerationCounters counters, Configuration hadoop) {
    this.run = run;
    this.model = model;
    this.counters = counters;
    this.maker = BatchMaker.ofRunningTask(run, model, hadoop);
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) ended -> maker.close());
    this.ahead = BatchAhead.isTaken(maker.device()) ? Optional.of(ahead()) : Optional.empty();
    this.images = openImages(run, hadoop);
    this.rows = new ResultRows(run);
    this.hadoop = hadoop;
    maker.tellTo(counters);
  }

  /** Ends with the task, however that ends. */
  private static AheadThread ahead() {
    TaskContext task = TaskContext.get();
    AheadThread thread = new AheadThread("spark-diffusion-ahead-" + task.taskAttemptId());
    task.addTaskCompletionListener((TaskCompletionListener) ended -> thread.close());
    return thread;
  }

  private static ImageWriter openImages(GenerationRun run, Configuration hadoop) {
    try {
      return new ImageWriter(run, hadoop);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot open the folder of images: " + e.getMessage(), e);
    }
  }

  BatchMaker maker() {
    return maker;
  }

  /** Whether it makes images with this model. */
  boolean isOf(Model asked) {
    return model.equals(asked);
  }

  /** Whether a batch is made while the rows of the one before are taken. */
  boolean worksAhead() {
    return ahead.isPresent();
  }

  /**
   * Begins a batch where this works ahead; else it is made when it is asked for.
   *
   * @return its rows, which are encoded as they are taken
   */
  Supplier<Iterator<Row>> begin(PlannedBatches.Batch batch) {
    requireHeld();
    Supplier<Queue<BatchMaker.Made>> work = () -> maker.make(batch);
    Supplier<Queue<BatchMaker.Made>> made = ahead.map(thread -> thread.begin(work)).orElse(work);
    return () -> rows(made.get());
  }

  /** Whoever outlives its driver, or stood still, ends here and spends no more time on a device. */
  void requireHeld() {
    try {
      run.store().hold().require(hadoop);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  private Iterator<Row> rows(Queue<BatchMaker.Made> made) {
    maker.tellTo(counters);
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return !made.isEmpty();
      }

      @Override
      public Row next() {
        Row row = row(made.remove());
        counters.addImages(1);
        return row;
      }
    };
  }

  private Row row(BatchMaker.Made made) {
    PlannedImage planned = made.planned();
    if (made.result() instanceof ImageResult.Failed failed) {
      return failed(planned.row(), failed.reason());
    }
    ImageResult.Generated generated = (ImageResult.Generated) made.result();
    ImageRequest request = generated.request();
    RgbImage image = new RgbImage(request.widthPixels(), request.heightPixels(), generated.rgb());
    if (image.isFlat()) {
      return failed(planned.row(), "Cannot keep the image: all its pixels are the same");
    }
    String hash = planned.requestHash();
    WrittenImage kept = images.keep(request, hash, image);
    metrics.imageDone();
    return rows.generated(
        planned.row(), generated, kept, provenance(request, hash, made.batchSize()));
  }

  private Row failed(Row planned, String reason) {
    metrics.imageFailed();
    return rows.failed(planned, reason);
  }

  private String provenance(ImageRequest request, String requestHash, int batchSize) {
    return new Provenance(
            maker.versions(),
            maker.computation().withBatchSize(batchSize),
            model.digest(),
            model.schedulers().told(request.scheduler()),
            requestHash)
        .toJson();
  }
}
