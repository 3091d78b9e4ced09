package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.torch.TorchEngine;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;

/**
 * How many threads libtorch has in this JVM: on a cluster {@code spark.task.cpus}, so that
 * executors on one host do not fight for processors; in local mode all processors, since the tasks
 * share them anyway. {@code -Dai.djl.pytorch.num_threads} wins over both.
 */
final class TaskThreads {

  private TaskThreads() {}

  /** Settles the number, before the first task of a JVM starts libtorch. */
  static void settle() {
    if (!SparkEnv.get().conf().get("spark.master", "local").startsWith("local")) {
      TorchEngine.useThreads(TaskContext.get().cpus());
    }
  }
}
