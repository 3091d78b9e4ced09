package io.sparkdiffusion.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;

/**
 * A table of prompts for a small model, and what its output must be.
 *
 * @param cluster that makes the images
 * @param config of the job
 * @param images images of the table, one for each row
 */
record ClusterJob(StandaloneCluster cluster, Path config, int images) {

  private static final int IMAGES = 24;

  /** A table of 24 images, in four commit groups. */
  static ClusterJob prepare(TestCluster cluster) throws IOException {
    return prepare(cluster, IMAGES, 6, IMAGES / 4);
  }

  /** Writes the table and the configuration. */
  static ClusterJob prepare(TestCluster cluster, int images, int steps, int groupImages)
      throws IOException {
    String rows =
        IntStream.range(0, images)
            .mapToObj("row%1$02d,secret image number %1$d,%1$d\n"::formatted)
            .collect(Collectors.joining());
    Path folder = cluster.folder();
    Path table = Files.writeString(folder.resolve("prompts.csv"), "id,prompt,seed\n" + rows);
    Path model = ReferenceModels.folder("base").toAbsolutePath();
    Path config =
        Files.writeString(
            folder.resolve("cluster.yml"),
            """
            pretrained_model_name_or_path: %s
            prompts: %s
            resolution: 64
            num_inference_steps: %d
            device: cpu
            commit_group_images: %d
            """
                .formatted(model, table, steps, groupImages));
    return new ClusterJob(cluster.running(), config, images);
  }

  /** Starts the job with an output folder and further settings. */
  SparkProcess start(Path output, List<String> sparkOptions, String... settings)
      throws IOException {
    List<String> arguments = new ArrayList<>(List.of(config.toString(), "output_dir=" + output));
    arguments.addAll(List.of(settings));
    return cluster.submit(sparkOptions, arguments);
  }

  /** Runs the job to its end, which must be a good one. */
  SparkProcess run(Path output, List<String> sparkOptions) throws Exception {
    return endedWell(start(output, sparkOptions));
  }

  /** The same in one JVM with two task slots. */
  SparkProcess runLocally(Path output) throws Exception {
    return endedWell(cluster.submitLocally(2, List.of(config.toString(), "output_dir=" + output)));
  }

  private static SparkProcess endedWell(SparkProcess driver) throws Exception {
    assertThat(driver.await()).as(driver.printed()).isZero();
    return driver;
  }

  /**
   * The SHA-256 of each image by id, where rows and files hold the same images, each once, and
   * nothing else is in the folder.
   */
  Map<String, String> images(Path output) throws Exception {
    List<Row> rows =
        LocalSpark.session().read().parquet(output.resolve("rows").toString()).collectAsList();
    Map<String, String> made = new TreeMap<>();
    Map<String, String> files = new TreeMap<>();
    for (Row row : rows) {
      assertThat(row.<String>getAs("status")).isEqualTo("generated");
      assertThat(made.put(row.getAs("id"), row.getAs("sha256"))).as("made twice").isNull();
      files.put(row.<Row>getAs("image").getAs("path"), row.getAs("sha256"));
    }
    assertThat(made).hasSize(images);
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> all = Files.list(output.resolve("images"))) {
      for (Path file : all.toList()) {
        found.put("images/" + file.getFileName(), sha256(file));
      }
    }
    assertThat(found).isEqualTo(files);
    assertThat(names(output)).containsExactlyInAnyOrder("images", "index.html", "rows", "run.json");
    assertThat(names(output.resolve("rows"))).allMatch(name -> name.startsWith("group="));
    return made;
  }

  /** With how many threads of libtorch the images were made, each number once. */
  List<Integer> threads(Path output) {
    return LocalSpark.session()
        .read()
        .parquet(output.resolve("rows").toString())
        .filter("status = 'generated'")
        .selectExpr("int(get_json_object(provenance, '$.computation.threads'))")
        .distinct()
        .as(Encoders.INT())
        .collectAsList();
  }

  static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  private static String sha256(Path file) throws Exception {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
  }
}
