package io.sparkdiffusion.cluster;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A cluster of two workers for all tests of a class, and a folder for what they write. */
final class TestCluster implements BeforeAllCallback, AfterAllCallback {

  private Path folder;
  private StandaloneCluster cluster;

  @Override
  public void beforeAll(ExtensionContext tests) throws Exception {
    folder = Files.createTempDirectory("spark-diffusion-cluster");
    cluster = StandaloneCluster.start(folder, 2);
  }

  @Override
  public void afterAll(ExtensionContext tests) throws Exception {
    if (cluster != null) {
      cluster.close();
    }
    try (Stream<Path> files = Files.walk(folder)) {
      List<Path> all = files.sorted(Comparator.reverseOrder()).toList();
      for (Path file : all) {
        Files.delete(file);
      }
    }
  }

  /** Where the cluster keeps its logs, and tests what they make. */
  Path folder() {
    return folder;
  }

  StandaloneCluster running() {
    return cluster;
  }
}
