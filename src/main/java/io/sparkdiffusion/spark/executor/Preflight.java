package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.SamplingConfig;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.PairFlatMapFunction;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Tuple2;

/**
 * Finds out before the first picture whether this machine and the executors can work. Its tasks
 * give problems back instead of throwing them: Spark would try a task that throws four times.
 */
public final class Preflight {

  private static final Logger LOG = LoggerFactory.getLogger(Preflight.class);

  /** What {@link SparkContext#setJobGroup} sets. */
  private static final List<String> GROUP =
      List.of("spark.jobGroup.id", "spark.job.description", "spark.job.interruptOnCancel");

  private Preflight() {}

  /**
   * In local mode, where the driver is the executor, makes sure that a GPU that is asked for is
   * there.
   *
   * @throws ProblemsException where it is not
   */
  public static void checkDriver(SparkContext spark, Model model, ExecutionConfig execution) {
    if (spark.isLocal() && execution.device().startsWith("cuda")) {
      TaskDevice.ofDriver(model.generators()::gpuCount).choose(execution.device());
    }
  }

  /**
   * Warns of what may be wrong with the model, and where rows without a size of their own have
   * another than the model was trained on.
   */
  public static void warn(Model model, SamplingConfig sampling) {
    model.doubts().forEach(doubt -> LOG.warn("{}", doubt));
    long trained = model.trainedSizePixels();
    if (sampling.heightPixels() != trained || sampling.widthPixels() != trained) {
      LOG.warn(
          "The model was trained on {} x {} pixels: at {} x {} pictures may be worse",
          trained,
          trained,
          sampling.heightPixels(),
          sampling.widthPixels());
    }
  }

  /**
   * Lets every executor slot that there is choose its device and check the model's files, which
   * fetches them where they are missing. Executors that come later do so when they load the model.
   *
   * @throws ProblemsException with what the executors have found
   */
  public static void checkExecutors(
      SparkContext spark, GenerationRun run, SerializableConfiguration hadoop) {
    List<Tuple2<String, String>> problems = problems(spark, run, hadoop);
    problems.stream().distinct().forEach(found -> LOG.error("{}: {}", found._1(), found._2()));
    if (!problems.isEmpty()) {
      throw new ProblemsException(problems.stream().map(Tuple2::_2).distinct().sorted().toList());
    }
  }

  /** The thread's jobs keep the group that they had before. */
  private static List<Tuple2<String, String>> problems(
      SparkContext spark, GenerationRun run, SerializableConfiguration hadoop) {
    int slots = spark.defaultParallelism();
    List<String> before = GROUP.stream().map(spark::getLocalProperty).toList();
    spark.setJobGroup(run.runId(), "Check the executors", false);
    try {
      return JavaSparkContext.fromSparkContext(spark)
          .parallelize(IntStream.range(0, slots).boxed().toList(), slots)
          .flatMapToPair(new Check(run, hadoop))
          .collect();
    } finally {
      for (int i = 0; i < before.size(); i++) {
        spark.setLocalProperty(GROUP.get(i), before.get(i));
      }
    }
  }

  /** Gives pairs of the executor's host and a problem. */
  private static final class Check implements PairFlatMapFunction<Integer, String, String> {

    private final GenerationRun run;
    private final SerializableConfiguration hadoop;

    Check(GenerationRun run, SerializableConfiguration hadoop) {
      this.run = run;
      this.hadoop = hadoop;
    }

    @Override
    public Iterator<Tuple2<String, String>> call(Integer slot) {
      String host = SparkEnv.get().blockManager().blockManagerId().host();
      return problems().stream().map(problem -> new Tuple2<>(host, problem)).iterator();
    }

    private List<String> problems() {
      try {
        run.chooseDevice();
        run.model().generators().check(hadoop.value());
        return List.of();
      } catch (ProblemsException e) {
        return e.problems();
      }
    }
  }
}
