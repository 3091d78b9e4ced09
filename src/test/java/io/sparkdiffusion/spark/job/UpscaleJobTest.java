package io.sparkdiffusion.spark.job;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.image.ImageFiles;
import io.sparkdiffusion.image.PngEncoder;
import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.PipelineCase;
import io.sparkdiffusion.testing.ReferenceFile;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a table of small images to large ones, against diffusers' upscaling pipeline. */
class UpscaleJobTest {

  private static final int SIDE = 64;
  private static final int SMALL = SIDE / 4;
  private static final double EQUAL_PIXELS = 0.999;

  private final SparkSession spark = LocalSpark.session();
  private final PipelineCase run = PipelineCase.upscaled().get(0);
  private final ReferenceFile numbers = ReferenceModels.numbers(run.numbers());

  @TempDir private Path folder;

  @Test
  void aTablesImagesAreUpscaledAsDiffusersDoesHoweverItIsDivided() throws IOException {
    Map<String, Row> whole = made("whole", table("whole", 1));
    byte[] expected = numbers.bytes(run.name() + "/pixels");
    int count = 3 * SIDE * SIDE;
    int equal = 0;
    for (int image = 0; image < run.requests().size(); image++) {
      byte[] rgb = pixels(whole.get(run.requests().get(image).id()));
      for (int k = 0; k < count; k++) {
        int difference = Math.abs((rgb[k] & 0xFF) - (expected[image * count + k] & 0xFF));
        assertThat(difference).as("image %s, value %s", image, k).isLessThanOrEqualTo(1);
        equal += difference == 0 ? 1 : 0;
      }
    }
    assertThat((double) equal / expected.length).isGreaterThan(EQUAL_PIXELS);
    assertThat(whole.get("row0").<Integer>getAs("noise_level")).isEqualTo(20);
    assertThat(whole.get("row0").<Double>getAs("strength")).isNull();
    assertThat(whole.get("noisier").<String>getAs("sha256"))
        .isNotEqualTo(whole.get("row0").getAs("sha256"));

    assertThat(error(whole, "text"))
        .isEqualTo("Cannot use the model: this is an upscaling model: it needs init_image (none)");
    assertThat(error(whole, "noisiest"))
        .isEqualTo(
            "Cannot use noise_level: it must be at most the model's max_noise_level, 350 (400)");
    assertThat(error(whole, "large"))
        .isEqualTo(
            "Cannot read init_image: it must be 16 x 16 pixels, or init_image_fit must be resize or crop (64 x 64)");

    Map<String, Row> divided = made("divided", table("divided", 4));
    assertThat(column(divided, "sha256")).isEqualTo(column(whole, "sha256"));
    assertThat(column(divided, "request_hash")).isEqualTo(column(whole, "request_hash"));
  }

  @Test
  void withoutAnImageOrWithTooMuchNoiseNothingIsBegun() throws IOException {
    assertThatThrownBy(() -> execute("none", "prompt=a fox"))
        .isInstanceOf(ProblemsException.class)
        .hasMessage("Cannot use the model: this is an upscaling model: it needs init_image (none)");
    Path small = Files.write(folder.resolve("small.png"), png(0, SMALL));
    assertThatThrownBy(
            () -> execute("noise", "prompt=a fox", "init_image=" + small, "noise_level=351"))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot use noise_level: it must be at most the model's max_noise_level, 350 (351)");
    assertThat(folder.resolve("none")).doesNotExist();
    assertThat(folder.resolve("noise")).doesNotExist();
  }

  private static String error(Map<String, Row> rows, String id) {
    assertThat(rows.get(id).<String>getAs("status")).isEqualTo("failed");
    return rows.get(id).getAs("error");
  }

  private static Map<String, Object> column(Map<String, Row> rows, String name) {
    Map<String, Object> values = new TreeMap<>();
    rows.forEach((id, row) -> values.put(id, String.valueOf(row.<Object>getAs(name))));
    return values;
  }

  private static byte[] pixels(Row row) {
    assertThat(row.<String>getAs("error")).isNull();
    return ImageFiles.read(row.getStruct(row.fieldIndex("image")).getAs("bytes")).rgb();
  }

  private byte[] png(int index, int side) {
    byte[] all = numbers.bytes("images/%sx%s".formatted(SMALL, SMALL));
    int count = 3 * SMALL * SMALL;
    byte[] rgb =
        side == SMALL
            ? Arrays.copyOfRange(all, index * count, (index + 1) * count)
            : new byte[3 * side * side];
    return PngEncoder.encode(new RgbImage(side, side, rgb), List.of());
  }

  private Path table(String name, int partitions) {
    StructType schema =
        new StructType()
            .add("id", DataTypes.StringType)
            .add("prompt", DataTypes.StringType)
            .add("negative_prompt", DataTypes.StringType)
            .add("seed", DataTypes.LongType)
            .add("init_image", DataTypes.BinaryType)
            .add("noise_level", DataTypes.IntegerType);
    List<Row> rows = new ArrayList<>();
    for (ImageRequest request : run.requests()) {
      rows.add(row(request, request.id(), png(rows.size(), SMALL), null));
    }
    ImageRequest first = run.requests().get(0);
    rows.add(row(first, "noisier", png(0, SMALL), 40));
    rows.add(row(first, "noisiest", png(0, SMALL), 400));
    rows.add(row(first, "large", png(0, SIDE), null));
    rows.add(row(first, "text", null, null));
    Path table = folder.resolve(name + ".parquet");
    spark.createDataFrame(rows, schema).repartition(partitions).write().parquet(table.toString());
    return table;
  }

  private static Row row(ImageRequest request, String id, byte[] image, Integer noiseLevel) {
    return RowFactory.create(
        id, request.prompt(), request.negativePrompt(), request.seed(), image, noiseLevel);
  }

  private Map<String, Row> made(String name, Path table) throws IOException {
    execute(name, "prompts=" + table);
    return spark.read().parquet(folder.resolve(name + "/rows").toString()).collectAsList().stream()
        .collect(toMap(row -> row.getAs("id"), row -> row));
  }

  private void execute(String name, String... more) throws IOException {
    Path config = Files.writeString(folder.resolve("job.yml"), "run_name: test\n");
    ImageRequest first = run.requests().get(0);
    List<String> settings =
        new ArrayList<>(
            List.of(
                "pretrained_model_name_or_path=" + ReferenceModels.folder(run.model()),
                "num_inference_steps=" + first.numInferenceSteps(),
                "guidance_scale=" + first.guidanceScale(),
                "resolution=" + SIDE,
                "device=cpu",
                "weights_dtype=float32",
                "gallery=false",
                "output_dir=" + folder.resolve(name)));
    settings.addAll(List.of(more));
    new GenerateJob(spark, JobConfig.load(config, settings)).execute();
  }
}
