package io.sparkdiffusion.spark.job;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.image.PngEncoder;
import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.testing.FakeModel;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.util.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tables whose rows have images and masks: a fake model's images end as their masks do. */
class MaskedImagesJobTest {

  private static final int SIDE = 16;
  private static final int ROWS = 5;
  private static final StructType DATASETS =
      new StructType().add("bytes", DataTypes.BinaryType).add("path", DataTypes.StringType);

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  @BeforeEach
  void draw() throws IOException {
    for (int i = 0; i < ROWS; i++) {
      Files.write(folder.resolve("in" + i + ".png"), png(i, SIDE));
      Files.write(folder.resolve("mask" + i + ".png"), png(50 + i, SIDE));
    }
  }

  private static byte[] png(int seed, int side) {
    byte[] rgb = new byte[3 * side * side];
    new Random(seed).nextBytes(rgb);
    return PngEncoder.encode(new RgbImage(side, side, rgb), List.of());
  }

  @Test
  void anImageIsTheSameWhereverItsFilesAreAndHoweverTheTableIsDivided() throws IOException {
    Path paths = csv("paths", i -> "in%s.png,mask%s.png".formatted(i, i));
    Map<String, Row> ofPaths = run("paths", paths);
    assertThat(ofPaths.values()).allMatch(row -> row.getAs("status").equals("generated"));
    assertThat(column(ofPaths, "sha256").values()).doesNotHaveDuplicates().hasSize(ROWS);
    for (int partitions : new int[] {1, 3}) {
      String name = "bytes" + partitions;
      Map<String, Row> ofBytes =
          run(
              name,
              parquet(
                  name,
                  DataTypes.BinaryType,
                  partitions,
                  i -> png(i, SIDE),
                  i -> png(50 + i, SIDE)));
      assertThat(column(ofBytes, "sha256")).isEqualTo(column(ofPaths, "sha256"));
      assertThat(column(ofBytes, "request_hash")).isEqualTo(column(ofPaths, "request_hash"));
    }
    Map<String, Row> mixed =
        run(
            "mixed",
            parquet(
                "mixed",
                DATASETS,
                2,
                i -> RowFactory.create(null, folder.resolve("in" + i + ".png").toString()),
                i -> RowFactory.create(png(50 + i, SIDE), "gone.png")));
    assertThat(column(mixed, "sha256")).isEqualTo(column(ofPaths, "sha256"));
    assertThat(mixed.get("row0").<String>getAs("init_image")).endsWith("/in0.png");
    assertThat(mixed.get("row0").<String>getAs("mask_image")).isEmpty();

    Row first = ofPaths.get("row0");
    assertThat(first.<String>getAs("mask_image")).endsWith("/mask0.png");
    assertThat(first.<String>getAs("mask_image_sha256")).isEqualTo(Sha256.of(png(50, SIDE)));
    assertThat(first.<String>getAs("depth_image_sha256")).isNull();
  }

  @Test
  void whatIsThereIsNotMadeAgainUnlessItsMaskHasChanged() throws IOException {
    Path table = csv("again", i -> "in%s.png,mask%s.png".formatted(i, i));
    run("again", table);
    Files.write(folder.resolve("mask3.png"), png(99, SIDE));

    GenerateJob.Result second = job("again", table).execute();

    assertThat(second.counts().generated()).isEqualTo(1);
    assertThat(second.counts().skipped()).isEqualTo(ROWS - 1);
  }

  @Test
  void aMaskThatIsNoneFailsItsRowAlone() throws IOException {
    Files.write(folder.resolve("broken.png"), Arrays.copyOf(png(50, SIDE), 100));
    Files.write(folder.resolve("large.png"), png(1, 2 * SIDE));
    Map<String, String> reasons = new LinkedHashMap<>();
    reasons.put("in0.png,gone.png", "Cannot use mask_image: its file must exist (missing: file:");
    reasons.put("in0.png,broken.png", "Cannot read mask_image: ");
    reasons.put(
        "in0.png,large.png",
        "Cannot use mask_image: it must be as large as init_image, 16 x 16 (32 x 32)");
    reasons.put(
        "large.png,mask1.png",
        "Cannot use mask_image: it must be as large as init_image, 32 x 32 (16 x 16)");
    reasons.put(",mask1.png", "Cannot use mask_image: init_image must be given too (it is not)");
    reasons.put(
        "in0.png,HTTP://x/y.png?secret",
        "Cannot use mask_image: it must be a path that Hadoop knows, no URL (HTTP:…)");
    List<String> cells = new ArrayList<>(reasons.keySet());
    StringBuilder lines = new StringBuilder("id,prompt,init_image,mask_image\n");
    for (int i = 0; i < cells.size(); i++) {
      lines.append("bad%s,fox,%s\ngood%s,fox,large.png,large.png\n".formatted(i, cells.get(i), i));
    }
    lines.append("noise,fox,,\nwhole,fox,in1.png,\n");
    Path table = Files.writeString(folder.resolve("bad.csv"), lines);

    Map<String, Row> rows = run("bad", table);

    for (int i = 0; i < cells.size(); i++) {
      assertThat(rows.get("bad" + i).<String>getAs("error")).startsWith(reasons.get(cells.get(i)));
      assertThat(rows.get("good" + i).<String>getAs("status")).isEqualTo("generated");
    }
    assertThat(rows.get("noise").<String>getAs("status")).isEqualTo("generated");
    assertThat(rows.get("whole").<String>getAs("status")).isEqualTo("generated");
  }

  private Path csv(String name, IntFunction<String> images) throws IOException {
    StringBuilder lines = new StringBuilder("id,prompt,init_image,mask_image\n");
    for (int i = 0; i < ROWS; i++) {
      lines.append("row%s,fox,%s\n".formatted(i, images.apply(i)));
    }
    return Files.writeString(folder.resolve(name + ".csv"), lines);
  }

  private Path parquet(
      String name, DataType type, int partitions, IntFunction<?> images, IntFunction<?> masks) {
    StructType schema =
        new StructType()
            .add("id", DataTypes.StringType)
            .add("mask_image", type)
            .add("prompt", DataTypes.StringType)
            .add("init_image", type);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      rows.add(RowFactory.create("row" + i, masks.apply(i), "fox", images.apply(i)));
    }
    Path table = folder.resolve(name + ".parquet");
    spark.createDataFrame(rows, schema).repartition(partitions).write().parquet(table.toString());
    return table;
  }

  private Map<String, Row> run(String name, Path table) throws IOException {
    job(name, table).execute();
    return spark
        .read()
        .parquet(folder.resolve("out-" + name + "/rows").toString())
        .collectAsList()
        .stream()
        .collect(toMap(row -> row.getAs("id"), row -> row));
  }

  private static Map<String, String> column(Map<String, Row> rows, String column) {
    return rows.entrySet().stream()
        .collect(toMap(Map.Entry::getKey, entry -> entry.getValue().getAs(column)));
  }

  private GenerateJob job(String name, Path table) throws IOException {
    Path config = Files.writeString(folder.resolve(name + ".yml"), "run_name: test\n");
    List<String> settings =
        List.of(
            "pretrained_model_name_or_path=fake",
            "prompts=" + table,
            "num_inference_steps=4",
            "resolution=" + SIDE,
            "init_image_fit=crop",
            "gallery=false",
            "png_parameters=false",
            "device=cpu",
            "weights_dtype=float32",
            "activations_dtype=float32",
            "output_dir=" + folder.resolve("out-" + name));
    return new GenerateJob(spark, JobConfig.load(config, settings))
        .models(any -> FakeModel.named("masked"));
  }
}
