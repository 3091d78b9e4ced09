package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.spark.plan.RunCounts;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A small table is planned by the driver, with the same outcome as one that Spark plans. */
class SmallTableTest {

  private static final String CSV =
      """
      id,prompt,seed,num_images,num_inference_steps
      a,fox,1,2,
      b,owl,,0,
      c,wolf,,,5
      d,NAN hare,,3,
      e,,7,,
      """;

  @TempDir private Path folder;

  @Test
  void takesFewJobsOfSpark() throws TimeoutException {
    JobRuns runs = new JobRuns(folder, JobRuns.FOLDER);
    runs.prompts(CSV);
    AtomicInteger jobs = new AtomicInteger();
    SparkListener counter =
        new SparkListener() {
          @Override
          public void onJobStart(SparkListenerJobStart start) {
            jobs.incrementAndGet();
          }
        };
    runs.spark.sparkContext().addSparkListener(counter);
    try {
      assertThat(runs.run("commit_group_images=1000").counts().generated()).isEqualTo(3);
      runs.spark.sparkContext().listenerBus().waitUntilEmpty();
    } finally {
      runs.spark.sparkContext().removeSparkListener(counter);
    }
    assertThat(jobs)
        .as("the rows, the check of executors, the images, their count, the page's keys and rows")
        .hasValueLessThanOrEqualTo(6);
  }

  @Test
  void givesTheRowsOfATableThatSparkPlans() {
    JobRuns few = new JobRuns(folder, JobRuns.FOLDER, "few");
    JobRuns many = new JobRuns(folder, JobRuns.FOLDER, "many");
    few.prompts(CSV);
    String view = ofUnknownSize(few);

    RunCounts counts = few.run().counts();
    assertThat(many.run("prompts=" + view, "prompts_format=table").counts()).isEqualTo(counts);
    assertThat(texts(few)).hasSize(8).isEqualTo(texts(many));

    few.run("num_inference_steps=4", "overwrite=images");
    many.run(
        "num_inference_steps=4", "overwrite=images", "prompts=" + view, "prompts_format=table");
    assertThat(texts(few)).hasSizeGreaterThan(8).isEqualTo(texts(many));
    assertThat(few.run("num_inference_steps=4").counts().generated()).isZero();
  }

  /** Spark does not know how large a data frame of a program is. */
  private static String ofUnknownSize(JobRuns runs) {
    Dataset<Row> csv =
        runs.spark
            .read()
            .option("header", true)
            .csv(runs.folder.resolve("prompts.csv").toString())
            .selectExpr(
                "id",
                "prompt",
                "cast(seed as long) as seed",
                "cast(num_images as int) as num_images",
                "cast(num_inference_steps as int) as num_inference_steps");
    runs.spark
        .createDataFrame(csv.toJavaRDD(), csv.schema())
        .createOrReplaceTempView("of_unknown_size");
    return "of_unknown_size";
  }

  private static List<String> texts(JobRuns runs) {
    return runs.texts(
        "id", "image_index", "request_hash", "sha256", "status", "error", "replaces", "seed");
  }
}
