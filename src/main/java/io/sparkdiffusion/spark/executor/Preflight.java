package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.kernel.Processor;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.Values;
import io.sparkdiffusion.spark.model.GeneratorFactory;
import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.spark.model.Models;
import io.sparkdiffusion.spark.table.PromptColumns;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out before the first image whether this machine and the executors can work. Its tasks give
 * problems back instead of throwing them: Spark would try a task that throws four times.
 */
public final class Preflight {

  private static final Logger LOG = LoggerFactory.getLogger(Preflight.class);

  private Preflight() {}

  /**
   * In local mode, where the driver is the executor, makes sure that a GPU that is asked for is
   * there.
   *
   * @throws ProblemsException where it is not
   */
  public static void checkDriver(SparkContext spark, Model model, ExecutionConfig execution) {
    if (spark.isLocal() && execution.device().startsWith("cuda")) {
      WantedGpu.require(model.generators(), execution.device());
      TaskDevice.ofDriver(model.generators(), 0, 1).choose(execution.device());
    }
  }

  /**
   * Warns of what may be wrong with the models, and where rows without a size of their own have
   * another than the model was trained on.
   */
  public static void warn(Models models, Values sampling) {
    models.all().stream()
        .flatMap(model -> model.doubts().stream())
        .distinct()
        .forEach(doubt -> LOG.warn("{}", doubt));
    long trained = models.usual().trainedSizePixels();
    int height = sampling.get(Parameters.HEIGHT);
    int width = sampling.get(Parameters.WIDTH);
    if (height != trained || width != trained) {
      LOG.warn(
          "The model was trained on {} x {} pixels: at {} x {} images may be worse",
          trained,
          trained,
          height,
          width);
    }
  }

  /**
   * Makes sure that a model can do with the input images that rows may have, and with those that
   * the job gives them. A row that names what the model has no use for fails alone.
   *
   * @param sampling what rows take where they have no value of their own
   * @param columns of their table
   * @throws ProblemsException where it needs others, or cannot use the job's, or upscales under
   *     less noise, or no row takes a step over the job's image
   */
  public static void requireInputs(Model model, Values sampling, PromptColumns columns) {
    model.inputs().requireNoise(sampling.get(Parameters.NOISE_LEVEL));
    List<InputImage> ofJob =
        Arrays.stream(InputImage.values())
            .filter(input -> !sampling.get(input.path()).isEmpty())
            .toList();
    model
        .inputs()
        .requireNeeded(
            Arrays.stream(InputImage.values())
                .filter(
                    input -> ofJob.contains(input) || columns.read().contains(input.path().name()))
                .toList());
    model.inputs().requireTaken(ofJob);
    boolean isOfRows =
        Stream.of(Parameters.STRENGTH, Parameters.NUM_INFERENCE_STEPS)
            .anyMatch(parameter -> columns.read().contains(parameter.name()));
    if (!isOfRows) {
      model.inputs().requireStep(sampling);
    }
  }

  /**
   * Lets every executor slot that there is choose its device and check the model's files, which
   * fetches them where they are missing. Executors that come later do so when they load the model.
   * Says which number format is fast on their processors.
   *
   * @throws ProblemsException with what the executors have found
   */
  public static void checkExecutors(
      SparkContext spark, GenerationRun run, SerializableConfiguration hadoop) {
    List<Found> found =
        EverySlot.ask(spark, run.runId(), "Check the executors", new Check(run, hadoop));
    found.stream().map(Found::advice).flatMap(Set::stream).distinct().forEach(LOG::info);
    found.stream().map(Found::doubts).flatMap(Set::stream).distinct().forEach(LOG::warn);
    List<Found> failed = found.stream().filter(one -> !one.problems().isEmpty()).toList();
    failed.stream()
        .flatMap(one -> one.problems().stream().map(problem -> one.host() + ": " + problem))
        .distinct()
        .forEach(LOG::error);
    if (!failed.isEmpty()) {
      throw new ProblemsException(
          failed.stream().map(Found::problems).flatMap(List::stream).distinct().sorted().toList());
    }
  }

  /** What a slot says. */
  private record Found(String host, List<String> problems, Set<String> advice, Set<String> doubts)
      implements Serializable {

    /** Keeps copies that can be sent. */
    private Found {
      problems = new ArrayList<>(problems);
      advice = new HashSet<>(advice);
      doubts = new HashSet<>(doubts);
    }
  }

  private static final class Check implements Function<Integer, Found> {

    private final GenerationRun run;
    private final SerializableConfiguration hadoop;

    Check(GenerationRun run, SerializableConfiguration hadoop) {
      this.run = run;
      this.hadoop = hadoop;
    }

    @Override
    public Found call(Integer slot) {
      String host = SparkEnv.get().blockManager().blockManagerId().host();
      try {
        String device = run.chooseDevice();
        run.model().generators().check(hadoop.value());
        run.models().all().forEach(model -> model.generators().checkLoras(hadoop.value()));
        return new Found(
            host, List.of(), advice(device), run.doubt(device).map(Set::of).orElse(Set.of()));
      } catch (ProblemsException e) {
        return new Found(host, e.problems(), Set.of(), Set.of());
      }
    }

    private Set<String> advice(String device) {
      GeneratorFactory generators = run.model().generators();
      Set<String> advice = new HashSet<>();
      generators.computesWith(device).ifPresent(advice::add);
      WantedGpu.whyCpu(generators, run.execution().device(), device).ifPresent(advice::add);
      if (device.equals("cpu")) {
        advice.add(fastFormat());
      }
      return advice;
    }

    private String fastFormat() {
      Processor processor = Processor.ofThisMachine();
      String chosen = run.execution().dtype().label();
      return "Fast number format on this processor: %s (%s); this run computes in %s"
          .formatted(processor.fastest(), processor.reason(), chosen);
    }
  }
}
