package io.sparkdiffusion.spark.executor;

import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;

/** Asks every slot of the executors that there are. */
final class EverySlot {

  /** What {@link SparkContext#setJobGroup} sets. */
  private static final List<String> GROUP =
      List.of("spark.jobGroup.id", "spark.job.description", "spark.job.interruptOnCancel");

  private EverySlot() {}

  /**
   * The answers, one from each slot; the thread's jobs keep the group that they had before.
   *
   * @param group of Spark's jobs
   * @param what is asked, for people
   */
  static <T> List<T> ask(
      SparkContext spark, String group, String what, Function<Integer, T> question) {
    int slots = spark.defaultParallelism();
    List<String> before = GROUP.stream().map(spark::getLocalProperty).toList();
    spark.setJobGroup(group, what, false);
    try {
      return JavaSparkContext.fromSparkContext(spark)
          .parallelize(IntStream.range(0, slots).boxed().toList(), slots)
          .map(question)
          .collect();
    } finally {
      for (int i = 0; i < before.size(); i++) {
        spark.setLocalProperty(GROUP.get(i), before.get(i));
      }
    }
  }
}
