package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.spark.output.LocalUmask;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps files on local disks to the user's umask, and shows what executors make among Spark's own
 * metrics, in every sink that Spark is told to use ({@code spark.plugins}). Sources are called
 * {@code plugin.io.sparkdiffusion.spark.executor.DiffusionPlugin}.
 */
public final class DiffusionPlugin implements SparkPlugin {

  private static final Logger LOG = LoggerFactory.getLogger(DiffusionPlugin.class);

  private static volatile Optional<PluginContext> executor = Optional.empty();

  @Override
  public DriverPlugin driverPlugin() {
    SparkRelease.require();
    return new Driver();
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new Metrics();
  }

  private static final class Driver implements DriverPlugin {
    @Override
    public Map<String, String> init(SparkContext spark, PluginContext context) {
      heedUmask(spark.hadoopConfiguration());
      return Map.of();
    }

    @Override
    public Object receive(Object warning) {
      LOG.warn("{}", warning);
      return true;
    }
  }

  /** Says something in the driver's log, where this is an executor that has the plugin. */
  static void tellDriver(String warning) {
    try {
      if (executor.isPresent()) {
        executor.get().ask(warning);
      }
    } catch (Exception e) {
      LOG.warn("Cannot tell the driver: {}", e.getMessage());
    }
  }

  private static void heedUmask(Configuration hadoop) {
    try {
      LocalUmask.heed(hadoop);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read this process's umask: " + e.getMessage(), e);
    }
  }

  private static final class Metrics implements ExecutorPlugin {
    @Override
    public void init(PluginContext context, Map<String, String> extraConf) {
      heedUmask(SparkHadoopUtil.get().conf());
      executor = Optional.of(context);
      GenerationMetrics.ofThisJvm().register(context.metricRegistry());
    }
  }
}
