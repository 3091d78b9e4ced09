package io.sparkdiffusion.testing;

import io.sparkdiffusion.metadata.Provenance;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.pipeline.PipelineTimes;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.spark.model.GeneratorFactory;
import io.sparkdiffusion.spark.model.ImageGenerator;
import io.sparkdiffusion.spark.model.Model;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;

/**
 * A {@link FakeModel} that takes its time: so long for each step and pixel, divided by the speed of
 * the task's slot. Tasks take slots as they become free.
 */
public final class WaitingModel {

  private static final Map<String, Slots> SLOTS = new ConcurrentHashMap<>();

  private WaitingModel() {}

  /** A model on slots of these speeds, of which each task has one. */
  public static Model named(String name, double nanosPerStepPixel, List<Double> speeds) {
    Model fake = FakeModel.named(name);
    return new Model(
        name,
        fake.commit(),
        fake.digest(),
        fake.schedulers(),
        fake.trainedSizePixels(),
        fake.tileSizePixels(),
        fake.doubts(),
        new Factory(fake.generators(), name, nanosPerStepPixel, speeds));
  }

  /** The time from the begin of a model's first batch to the end of its last one. */
  public static Duration span(String name) {
    Slots slots = SLOTS.get(name);
    return Duration.ofNanos(slots.ended.get() - slots.began);
  }

  private record Factory(
      GeneratorFactory fake, String name, double nanosPerStepPixel, List<Double> speeds)
      implements GeneratorFactory {

    @Override
    public void check(Configuration hadoop) {
      fake.check(hadoop);
    }

    @Override
    public ImageGenerator load(String device, Configuration hadoop) {
      Slots slots = SLOTS.computeIfAbsent(name, any -> new Slots(speeds));
      return new Generator(fake.load(device, hadoop), nanosPerStepPixel, slots);
    }

    @Override
    public int gpuCount() {
      return 0;
    }
  }

  private static final class Slots {

    private final long began = System.nanoTime();
    private final AtomicLong ended = new AtomicLong();
    private final Queue<Double> free;
    private final Map<Long, Double> taken = new ConcurrentHashMap<>();

    Slots(List<Double> speeds) {
      free = new ConcurrentLinkedQueue<>(speeds);
    }

    double speedOfRunningTask() {
      TaskContext task = TaskContext.get();
      return taken.computeIfAbsent(
          task.taskAttemptId(),
          id -> {
            task.addTaskCompletionListener(
                (TaskCompletionListener) done -> free.add(taken.remove(id)));
            return free.remove();
          });
    }
  }

  private record Generator(ImageGenerator fake, double nanosPerStepPixel, Slots slots)
      implements ImageGenerator {

    @Override
    public List<ImageResult> generate(List<ImageRequest> requests, int batchSize) {
      long begin = System.nanoTime();
      double work = requests.stream().mapToDouble(Generator::cost).sum() * nanosPerStepPixel;
      long end = begin + Math.round(work / slots.speedOfRunningTask());
      List<ImageResult> results = fake.generate(requests, batchSize);
      for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
      slots.ended.accumulateAndGet(System.nanoTime(), Math::max);
      return results;
    }

    private static double cost(ImageRequest request) {
      return (double) request.numInferenceSteps() * request.heightPixels() * request.widthPixels();
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
