package io.sparkdiffusion.spark.ml;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.struct;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.image.PngEncoder;
import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.spark.job.GenerateJob;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.util.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images in a program's own table give the transformer what files give the job. */
class ImagesInRowsTest {

  private static final int SIDE = 64;
  private static final int ROWS = 4;
  private static final String SPARK_IMAGE =
      "named_struct('origin', 'here', 'height', %s, 'width', 64, 'nChannels', 3, 'mode', 16, 'data', %s)";

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  @BeforeEach
  void draw() throws IOException {
    for (int row = 0; row < ROWS; row++) {
      Files.write(file(row), PngEncoder.encode(new RgbImage(SIDE, SIDE, rgb(row)), List.of()));
    }
  }

  private Path file(int row) {
    return folder.resolve("in" + row + ".png");
  }

  private static byte[] rgb(int row) {
    byte[] rgb = new byte[3 * SIDE * SIDE];
    new Random(row).nextBytes(rgb);
    return rgb;
  }

  /** Blue comes first. */
  private static byte[] bgr(int row) {
    byte[] bgr = rgb(row);
    for (int i = 0; i < bgr.length; i += 3) {
      byte red = bgr[i];
      bgr[i] = bgr[i + 2];
      bgr[i + 2] = red;
    }
    return bgr;
  }

  /** Ids, paths, files and pixels; the last row has none and is drawn from noise. */
  private Dataset<Row> table() throws IOException {
    StructType schema =
        new StructType()
            .add("id", DataTypes.StringType)
            .add("prompt", DataTypes.StringType)
            .add("strength", DataTypes.DoubleType)
            .add("num_images", DataTypes.IntegerType)
            .add("path", DataTypes.StringType)
            .add("file", DataTypes.BinaryType)
            .add("bgr", DataTypes.BinaryType);
    List<Row> rows = new ArrayList<>();
    for (int row = 0; row < ROWS; row++) {
      double strength = row % 2 == 0 ? 0.5 : 1;
      byte[] png = Files.readAllBytes(file(row));
      String path = file(row).toString();
      rows.add(RowFactory.create("row" + row, "fox", strength, 1 + row % 2, path, png, bgr(row)));
    }
    rows.add(RowFactory.create("noise", "fox", null, null, null, null, null));
    return spark.createDataFrame(rows, schema);
  }

  @Test
  void areDrawnOverAsTheJobDoesWithFiles() throws IOException {
    Dataset<Row> table = table();
    Map<String, String> job = job(table.withColumnRenamed("path", "init_image"));
    assertThat(job).hasSize(ROWS + ROWS / 2 + 1);

    Dataset<Row> bytes = table.withColumn("init_image", col("file"));
    for (int partitions : new int[] {1, 3}) {
      assertThat(drawn(bytes.coalesce(1).repartition(partitions))).isEqualTo(job);
    }
    assertThat(drawn(table.withColumn("init_image", struct(col("path"), col("file").as("bytes")))))
        .isEqualTo(job);
    Dataset<Row> paths =
        table.withColumn(
            "init_image", struct(col("path"), lit(null).cast(DataTypes.BinaryType).as("bytes")));
    assertThat(drawn(paths)).isEqualTo(job);
    Dataset<Row> pixels =
        table.selectExpr(
            "*", "if(bgr is null, null, %s) as init_image".formatted(image(64, "bgr")));
    Map<String, String> ofPixels = drawn(pixels); // whose hash is another file's
    job.forEach((id, made) -> assertThat(ofPixels.get(id)).endsWith(made.split(" ", -1)[1]));
  }

  private static String image(int height, String data) {
    return SPARK_IMAGE.formatted(height, data);
  }

  /** Nothing that a row holds is moved to where another stage would take it from. */
  @Test
  void goNoFurtherThanTheirTask() throws IOException {
    Dataset<Row> images = drawing().transform(table().withColumnRenamed("file", "init_image"));
    assertThat(images.queryExecution().executedPlan().toString())
        .contains("MapPartitions")
        .doesNotContain("Exchange")
        .doesNotContain("Join");
    Row first = images.filter("id = 'row0'").head();
    assertThat(first.<byte[]>getAs("init_image")).isEqualTo(Files.readAllBytes(file(0)));
    Row image = first.getAs("image");
    assertThat(image.<String>getAs("init_image")).isEmpty();
    assertThat(image.<String>getAs("init_image_sha256"))
        .isEqualTo(Sha256.of(Files.readAllBytes(file(0))));
    assertThat(image.<Double>getAs("strength")).isEqualTo(0.5);
  }

  @Test
  void whatIsNoImageFailsItsRowAlone() throws IOException {
    byte[] png = Files.readAllBytes(file(0));
    StructType schema =
        new StructType()
            .add("prompt", DataTypes.StringType)
            .add("init_image", DataTypes.BinaryType);
    Dataset<Row> files =
        spark.createDataFrame(
            List.of(
                RowFactory.create("whole", png),
                RowFactory.create("broken", Arrays.copyOf(png, 100)),
                RowFactory.create("empty", new byte[0]),
                RowFactory.create(
                    "small", PngEncoder.encode(new RgbImage(8, 8, new byte[192]), List.of()))),
            schema);
    Map<String, String> errors = errors(files);
    assertThat(errors).containsEntry("whole", "null");
    assertThat(errors.get("broken")).startsWith("Cannot read init_image: ");
    assertThat(errors)
        .containsEntry("empty", "Cannot read init_image: it must be a PNG or JPEG file (no bytes)")
        .containsEntry(
            "small",
            "Cannot read init_image: it must be 64 x 64 pixels, or init_image_fit must be resize or crop (8 x 8)");

    Dataset<Row> pixels =
        spark.sql(
            "select 'short' as prompt, %s as init_image union all select 'high', %s"
                .formatted(image(64, "X'0102'"), image(20_000, "X'0102'")));
    assertThat(errors(pixels))
        .containsEntry(
            "short",
            "Cannot use init_image: its data must hold height x width x nChannels bytes (2 of 64 x 64 x 3)")
        .containsEntry(
            "high", "Cannot read init_image: each side must be at most 16384 pixels (64 x 20000)");
  }

  private Map<String, String> errors(Dataset<Row> table) {
    Map<String, String> errors = new TreeMap<>();
    for (Row row : drawing().transform(table).collectAsList()) {
      errors.put(
          row.getAs("prompt"), String.valueOf(row.<Row>getAs("image").<String>getAs("error")));
    }
    return errors;
  }

  @Test
  void aColumnThatHoldsNoImagesIsRefused() {
    Dataset<Row> numbers = spark.sql("select 'fox' as prompt, 3 as init_image");
    assertThatThrownBy(() -> drawing().transform(numbers))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot read init_image from column init_image: it must be a path, binary, a struct of bytes and path, or Spark's image struct (int)");
  }

  private Map<String, String> drawn(Dataset<Row> table) {
    Map<String, String> digests = new TreeMap<>();
    for (Row row : drawing().transform(table).collectAsList()) {
      Row image = row.getAs("image");
      assertThat(image.<String>getAs("error")).isNull();
      digests.put(
          row.getAs("id") + " " + image.getAs("image_index"),
          image.getAs("request_hash") + " " + Sha256.of(image.<byte[]>getAs("bytes")));
    }
    return digests;
  }

  private static TextToImage drawing() {
    return new TextToImage()
        .setModelUrl(ReferenceModels.folder("base").toString())
        .setSeed(3)
        .setNumInferenceSteps(2)
        .setHeight(SIDE)
        .setWidth(SIDE)
        .setDevice("cpu")
        .setBatchSize(2)
        .setPngParameters(false); // those say where a file is
  }

  private Map<String, String> job(Dataset<Row> table) throws IOException {
    Path prompts = folder.resolve("prompts.parquet");
    table.drop("file", "bgr").write().parquet(prompts.toString());
    Path config = Files.writeString(folder.resolve("job.yml"), "run_name: job\n");
    List<String> settings =
        List.of(
            "pretrained_model_name_or_path=" + ReferenceModels.folder("base"),
            "prompts=" + prompts,
            "output_dir=" + folder.resolve("out"),
            "seed=3",
            "num_inference_steps=2",
            "resolution=" + SIDE,
            "gallery=false",
            "png_parameters=false",
            "device=cpu",
            "per_device_batch_size=2");
    new GenerateJob(spark, JobConfig.load(config, settings)).execute();
    Map<String, String> digests = new TreeMap<>();
    for (Row row : spark.read().parquet(folder.resolve("out/rows").toString()).collectAsList()) {
      digests.put(
          row.getAs("id") + " " + row.getAs("image_index"),
          row.getAs("request_hash") + " " + row.getAs("sha256"));
    }
    return digests;
  }
}
