package io.sparkdiffusion.spark.job;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.image.ImageFiles;
import io.sparkdiffusion.image.PngEncoder;
import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.testing.FakeModel;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.PipelineCase;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Jobs over tables whose rows have images, and what they have made, in a test's folder. */
final class ImageJobs {

  /** Hugging Face datasets' struct. */
  static final StructType DATASETS =
      new StructType().add("bytes", DataTypes.BinaryType).add("path", DataTypes.StringType);

  private static final double EQUAL_PIXELS = 0.999;

  final SparkSession spark = LocalSpark.session();
  private final Path folder;
  private final Optional<String> fake;
  private final List<String> settings = new ArrayList<>();

  private ImageJobs(Path folder, Optional<String> fake, String... settings) {
    this.folder = folder;
    this.fake = fake;
    this.settings.addAll(List.of("device=cpu", "weights_dtype=float32", "png_parameters=false"));
    this.settings.addAll(List.of(settings));
  }

  /** With a fake model of that name, four steps, and images of that side. */
  static ImageJobs ofFake(Path folder, String name, int side, String... more) {
    Stream<String> settings =
        Stream.of(
            "pretrained_model_name_or_path=fake",
            "activations_dtype=float32",
            "num_inference_steps=4",
            "resolution=" + side,
            "gallery=false");
    return new ImageJobs(
        folder, Optional.of(name), Stream.concat(settings, Stream.of(more)).toArray(String[]::new));
  }

  /** With a small model as diffusers has run it. */
  static ImageJobs of(Path folder, PipelineCase run) {
    ImageRequest first = run.requests().get(0);
    return new ImageJobs(
        folder,
        Optional.empty(),
        "pretrained_model_name_or_path=" + ReferenceModels.folder(run.model()),
        "num_inference_steps=" + first.numInferenceSteps(),
        "guidance_scale=" + first.guidanceScale(),
        "scheduler=" + first.scheduler(),
        "height=" + first.heightPixels(),
        "width=" + first.widthPixels());
  }

  /** A job; a setting that is told again is as it is told last. */
  GenerateJob job(String name, String... more) throws IOException {
    Path config = Files.writeString(folder.resolve(name + ".yml"), "run_name: test\n");
    List<String> all = new ArrayList<>(settings);
    all.add("output_dir=" + output(name));
    all.addAll(List.of(more));
    GenerateJob job = new GenerateJob(spark, JobConfig.load(config, all));
    return fake.map(model -> job.models(any -> FakeModel.named(model))).orElse(job);
  }

  Path output(String name) {
    return folder.resolve("out-" + name);
  }

  /** Runs a job over a table; its rows by their ids. */
  Map<String, Row> run(String name, Path table, String... more) throws IOException {
    String[] all =
        Stream.concat(Stream.of("prompts=" + table), Stream.of(more)).toArray(String[]::new);
    job(name, all).execute();
    return rows(name).collectAsList().stream().collect(toMap(row -> row.getAs("id"), row -> row));
  }

  /** What a job has made. */
  Dataset<Row> rows(String name) {
    return spark.read().parquet(output(name).resolve("rows").toString());
  }

  /** A column of rows by their ids, of which none is null. */
  static Map<String, String> column(Map<String, Row> rows, String column) {
    return rows.entrySet().stream()
        .collect(toMap(Map.Entry::getKey, entry -> entry.getValue().getAs(column)));
  }

  /** Makes sure that rows have the same in columns, whatever else they have. */
  static void assertSame(Map<String, Row> rows, Map<String, Row> others, String... columns) {
    for (String column : columns) {
      assertThat(column(rows, column)).as(column).isEqualTo(column(others, column));
    }
  }

  static String error(Map<String, Row> rows, String id) {
    return rows.get(id).getAs("error");
  }

  Path csv(String name, String lines) throws IOException {
    return Files.writeString(folder.resolve(name + ".csv"), lines);
  }

  Path parquet(String name, int partitions, StructType schema, List<Row> rows) {
    Path table = folder.resolve(name + ".parquet");
    spark
        .createDataFrame(rows, schema)
        .repartition(partitions)
        .write()
        .option("maxRecordsPerFile", 3)
        .parquet(table.toString());
    return table;
  }

  /** The columns of {@link #row}, before those of images. */
  static StructType ofRequests() {
    return new StructType()
        .add("id", DataTypes.StringType)
        .add("prompt", DataTypes.StringType)
        .add("negative_prompt", DataTypes.StringType)
        .add("seed", DataTypes.LongType);
  }

  /** A row that asks for what a request does, under an id. */
  static Row row(ImageRequest request, String id, Object... more) {
    Stream<Object> asked =
        Stream.of(id, request.prompt(), request.negativePrompt(), request.seed());
    return RowFactory.create(Stream.concat(asked, Arrays.stream(more)).toArray());
  }

  /** A PNG file of noise. */
  static byte[] png(int seed, int side) {
    return png(side, side, rgb(seed, side));
  }

  /** The same noise as pixels. */
  static byte[] rgb(int seed, int side) {
    byte[] rgb = new byte[3 * side * side];
    new Random(seed).nextBytes(rgb);
    return rgb;
  }

  static byte[] png(int width, int height, byte[] rgb) {
    return PngEncoder.encode(new RgbImage(width, height, rgb), List.of());
  }

  /** The part of what several images have, one after another. */
  static byte[] part(byte[] all, int index, int of) {
    int count = all.length / of;
    return Arrays.copyOfRange(all, index * count, (index + 1) * count);
  }

  /** Makes sure that the images of a run's rows are those of diffusers. */
  static void assertEqualToDiffusers(PipelineCase run, Map<String, Row> rows) {
    byte[] expected = ReferenceModels.numbers(run.numbers()).bytes(run.name() + "/pixels");
    for (int image = 0; image < run.requests().size(); image++) {
      String id = run.requests().get(image).id();
      assertPixels(rows.get(id), part(expected, image, run.requests().size()));
    }
  }

  private static void assertPixels(Row row, byte[] expected) {
    assertThat(row.<String>getAs("error")).isNull();
    byte[] made = ImageFiles.read(row.getStruct(row.fieldIndex("image")).getAs("bytes")).rgb();
    int equal = 0;
    for (int i = 0; i < expected.length; i++) {
      int difference = Math.abs((made[i] & 0xFF) - (expected[i] & 0xFF));
      assertThat(difference).as("value %s", i).isLessThanOrEqualTo(1);
      equal += difference == 0 ? 1 : 0;
    }
    assertThat((double) equal / expected.length).isGreaterThan(EQUAL_PIXELS);
  }
}
