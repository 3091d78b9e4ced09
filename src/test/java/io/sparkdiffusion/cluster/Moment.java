package io.sparkdiffusion.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** When in a job's life something dies; it is over before the last of the job's four groups is. */
enum Moment {
  /** An executor loads the model. */
  LOADING(400) {
    @Override
    boolean hasCome(Path output, StandaloneCluster cluster, int modelsLoadedBefore) {
      return modelsLoaded(cluster) > modelsLoadedBefore;
    }
  },
  /** Some images are there, others are being denoised. */
  DENOISING(250) {
    @Override
    boolean hasCome(Path output, StandaloneCluster cluster, int modelsLoadedBefore) {
      return exists(output.resolve("images"), path -> path.toString().endsWith(".png"));
    }
  },
  /** An image or a file of rows is being written. */
  WRITING(0) {
    @Override
    boolean hasCome(Path output, StandaloneCluster cluster, int modelsLoadedBefore) {
      return exists(
          output.resolve("_staging"),
          path -> path.toString().endsWith(".tmp") || path.toString().contains("_attempt_"));
    }
  },
  /** The rows of a group are being committed, or those of the first one just have been. */
  COMMITTING(20) {
    @Override
    boolean hasCome(Path output, StandaloneCluster cluster, int modelsLoadedBefore) {
      return exists(output.resolve("_staging"), path -> path.endsWith("_SUCCESS"))
          || Files.exists(output.resolve("rows"));
    }
  };

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final int spreadMillis;

  Moment(int spreadMillis) {
    this.spreadMillis = spreadMillis;
  }

  abstract boolean hasCome(Path output, StandaloneCluster cluster, int modelsLoadedBefore);

  /** How often an executor has begun to load a model, by what all of them have printed. */
  static int modelsLoaded(StandaloneCluster cluster) {
    return cluster.executorLogs().stream()
        .mapToInt(log -> log.split("Loading the model on", -1).length - 1)
        .sum();
  }

  /** Waits for the moment and then for a chosen while. */
  void await(
      Path output,
      StandaloneCluster cluster,
      int modelsLoadedBefore,
      SparkProcess driver,
      Random random)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!hasCome(output, cluster, modelsLoadedBefore)) {
      if (System.nanoTime() > end || !driver.process().isAlive()) {
        throw new AssertionError("the job never was " + this + ":\n" + driver.printed());
      }
      Thread.sleep(1);
    }
    Thread.sleep(random.nextInt(spreadMillis + 1));
  }

  private static boolean exists(Path folder, Predicate<Path> isMeant) {
    if (!Files.isDirectory(folder)) {
      return false;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      return files.anyMatch(isMeant);
    } catch (UncheckedIOException | IOException e) {
      return false; // it went away while we looked
    }
  }
}
