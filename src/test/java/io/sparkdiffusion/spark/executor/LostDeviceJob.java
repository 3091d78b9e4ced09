package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.OutputFormat;
import io.sparkdiffusion.config.Precision;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.spark.output.ImageStore;
import io.sparkdiffusion.spark.output.OutputHold;
import io.sparkdiffusion.spark.plan.BatchSizes;
import io.sparkdiffusion.spark.table.RequestColumns;
import io.sparkdiffusion.spark.table.ResultColumns;
import io.sparkdiffusion.testing.FakeModel;
import io.sparkdiffusion.testing.Requests;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/** Makes rows on a cluster, one of which loses the device of the executor that makes it first. */
public final class LostDeviceJob {

  private LostDeviceJob() {}

  /** Takes the cluster, a folder for what it writes and the number of rows; prints the rows. */
  public static void main(String[] arguments) {
    SparkSession spark =
        SparkSession.builder()
            .master(arguments[0])
            .config("spark.executor.memory", "700m")
            .config("spark.executor.cores", "1")
            .config("spark.plugins", DiffusionPlugin.class.getName())
            .config("spark.executor.extraClassPath", classPath())
            .config("spark.scheduler.minRegisteredResourcesRatio", "1")
            .config("spark.cores.max", "2")
            .config("spark.ui.enabled", "false")
            .getOrCreate();
    try {
      generate(spark, arguments[1], Integer.parseInt(arguments[2]))
          .forEach(row -> System.out.println("made " + row.<String>getAs("id")));
    } finally {
      spark.stop();
    }
  }

  private static String classPath() {
    return System.getProperty("java.class.path");
  }

  private static List<Row> generate(SparkSession spark, String folder, int count) {
    List<Row> planned = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      planned.add(planned("row" + i, i == count / 2 ? "LOST " + folder + "/mark" : "SLOW " + i));
    }
    ImageStore store =
        new ImageStore(
            folder + "/out",
            folder + "/out/staging",
            OutputFormat.PARQUET,
            ImageStore.Naming.BY_REQUEST,
            true,
            true,
            OutputHold.UNSHARED);
    ExecutionConfig execution = new ExecutionConfig("cpu", Precision.FLOAT32, 1);
    GenerationRun run = new GenerationRun("run", FakeModel.named("cluster"), execution, store);
    return spark
        .createDataFrame(planned, RequestColumns.SCHEMA)
        .repartition(count / 2)
        .mapPartitions(
            new GenerateImages(
                run,
                BatchSizes.of(execution.perDeviceBatchSize()),
                GenerationCounters.register(spark.sparkContext()),
                new SerializableConfiguration(new Configuration())),
            Encoders.row(ResultColumns.SCHEMA))
        .filter("status = 'generated'")
        .collectAsList();
  }

  private static Row planned(String id, String prompt) {
    ImageRequest request =
        Requests.of(
            id,
            0,
            prompt,
            "",
            Parameters.SEED.of(1L),
            Parameters.NUM_INFERENCE_STEPS.of(5),
            Parameters.HEIGHT.of(8),
            Parameters.WIDTH.of(16));
    return RequestColumns.of(request, "hash of " + id, List.of());
  }
}
