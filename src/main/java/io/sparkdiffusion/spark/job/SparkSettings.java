package io.sparkdiffusion.spark.job;

import static java.util.stream.Collectors.joining;

import io.sparkdiffusion.spark.executor.DiffusionPlugin;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;

/** What the user has set for Spark, and what the job needs beside it. */
public final class SparkSettings {

  private SparkSettings() {}

  /**
   * All settings of a run.
   *
   * @param chosen by the user, which win
   * @param device that is asked for
   */
  public static SparkConf of(SparkConf chosen, String device) {
    return forGpus(completed(chosen), device);
  }

  static SparkConf completed(SparkConf conf) {
    conf.setIfMissing("spark.master", "local[1]");
    conf.setIfMissing("spark.app.name", "spark-diffusion");
    if (conf.get("spark.master").startsWith("local")) {
      // Tables of a size that one machine works off need no more.
      conf.setIfMissing("spark.sql.shuffle.partitions", "8");
      // A fatal error in a task then fails the run, which tells it, and not the JVM, which does
      // not.
      conf.setIfMissing("spark.executor.killOnFatalError.depth", "0");
      // Plugins begin before the application has an id, so Spark warns that metrics lack a name.
      conf.setIfMissing("spark.metrics.namespace", "spark_diffusion");
    }
    return conf.set("spark.plugins", withMetrics(conf.get("spark.plugins", "")));
  }

  /**
   * What a run that may use GPUs needs beside it: GPUs are counted as Spark's discovery script
   * counts them, and a machine with a broken one is left out once tasks have failed on it. Of four
   * tries a task has three on one machine, so that a cluster of one is not worse off.
   */
  static SparkConf forGpus(SparkConf conf, String device) {
    if (device.equals("cpu")) {
      return conf;
    }
    conf.setIfMissing("spark.executorEnv.CUDA_DEVICE_ORDER", "PCI_BUS_ID");
    boolean chosen =
        conf.contains("spark.task.maxFailures")
            || conf.getAllWithPrefix("spark.excludeOnFailure.").length > 0
            || conf.getAllWithPrefix("spark.blacklist.").length > 0;
    boolean wantsGpu = device.startsWith("cuda") || conf.contains("spark.task.resource.gpu.amount");
    if (wantsGpu && !conf.get("spark.master").startsWith("local") && !chosen) {
      conf.set("spark.excludeOnFailure.enabled", "true");
      conf.set("spark.excludeOnFailure.task.maxTaskAttemptsPerExecutor", "2");
      conf.set("spark.excludeOnFailure.task.maxTaskAttemptsPerNode", "3");
    }
    return conf;
  }

  private static String withMetrics(String plugins) {
    Stream<String> chosen =
        Stream.of(plugins.split(",")).map(String::strip).filter(name -> !name.isEmpty());
    return Stream.concat(chosen, Stream.of(DiffusionPlugin.class.getName()))
        .distinct()
        .collect(joining(","));
  }
}
