package io.sparkdiffusion.spark.executor;

import java.util.Map;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * Shows what executors make among Spark's own metrics, in every sink that Spark is told to use
 * ({@code spark.plugins}). Sources are called {@code
 * plugin.io.sparkdiffusion.spark.executor.DiffusionPlugin}.
 */
public final class DiffusionPlugin implements SparkPlugin {

  /** Null is Spark's word for none. */
  @Override
  public DriverPlugin driverPlugin() {
    return null;
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new Metrics();
  }

  private static final class Metrics implements ExecutorPlugin {
    @Override
    public void init(PluginContext context, Map<String, String> extraConf) {
      GenerationMetrics.ofThisJvm().register(context.metricRegistry());
    }
  }
}
