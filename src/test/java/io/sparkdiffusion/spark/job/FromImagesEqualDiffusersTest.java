package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.JobConfig;
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
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From a table that holds images to PNG files, against diffusers' image-to-image pipeline. */
class FromImagesEqualDiffusersTest {

  private static final double EQUAL_PIXELS = 0.999;

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"base-ddim-strength-0.8-64x64", "base-euler_a-strength-0.8-72x88"})
  void aTablesImagesAreDrawnOverAsDiffusersDoes(String name) throws IOException {
    PipelineCase run =
        PipelineCase.fromImage().stream()
            .filter(one -> one.name().equals(name))
            .findFirst()
            .orElseThrow();
    ReferenceFile numbers = ReferenceModels.numbers(run.numbers());
    ImageRequest first = run.requests().get(0);
    int height = first.heightPixels();
    int width = first.widthPixels();
    int count = 3 * height * width;
    byte[] inputs = numbers.bytes("images/%sx%s".formatted(height, width));
    byte[] expected = numbers.bytes(name + "/pixels");

    execute(table(run, inputs), run);

    int equal = 0;
    for (int i = 0; i < run.requests().size(); i++) {
      byte[] made = pixels(run.requests().get(i).id());
      for (int k = 0; k < count; k++) {
        int difference = Math.abs((made[k] & 0xFF) - (expected[i * count + k] & 0xFF));
        assertThat(difference).as("image %s, value %s", i, k).isLessThanOrEqualTo(1);
        equal += difference == 0 ? 1 : 0;
      }
    }
    assertThat((double) equal / expected.length).isGreaterThan(EQUAL_PIXELS);
  }

  private byte[] pixels(String id) {
    Row row =
        spark.read().parquet(folder.resolve("out/rows").toString()).collectAsList().stream()
            .filter(one -> one.getAs("id").equals(id))
            .findFirst()
            .orElseThrow();
    assertThat(row.<String>getAs("error")).isNull();
    return ImageFiles.read(row.getStruct(row.fieldIndex("image")).getAs("bytes")).rgb();
  }

  private Path table(PipelineCase run, byte[] inputs) {
    StructType schema =
        new StructType()
            .add("id", DataTypes.StringType)
            .add("prompt", DataTypes.StringType)
            .add("negative_prompt", DataTypes.StringType)
            .add("seed", DataTypes.LongType)
            .add("init_image", DataTypes.BinaryType);
    List<Row> rows = new ArrayList<>();
    for (ImageRequest request : run.requests()) {
      int count = 3 * request.heightPixels() * request.widthPixels();
      byte[] rgb = Arrays.copyOfRange(inputs, rows.size() * count, (rows.size() + 1) * count);
      RgbImage image = new RgbImage(request.widthPixels(), request.heightPixels(), rgb);
      rows.add(
          RowFactory.create(
              request.id(),
              request.prompt(),
              request.negativePrompt(),
              request.seed(),
              PngEncoder.encode(image, List.of())));
    }
    Path table = folder.resolve("drawings.parquet");
    spark.createDataFrame(rows, schema).write().parquet(table.toString());
    return table;
  }

  private void execute(Path table, PipelineCase run) throws IOException {
    Path config = Files.writeString(folder.resolve("job.yml"), "run_name: test\n");
    ImageRequest first = run.requests().get(0);
    List<String> settings =
        List.of(
            "pretrained_model_name_or_path=" + ReferenceModels.folder(run.model()),
            "prompts=" + table,
            "num_inference_steps=" + first.numInferenceSteps(),
            "strength=0.8",
            "scheduler=" + first.scheduler(),
            "height=" + first.heightPixels(),
            "width=" + first.widthPixels(),
            "device=cpu",
            "weights_dtype=float32",
            "gallery=false",
            "output_dir=" + folder.resolve("out"));
    new GenerateJob(spark, JobConfig.load(config, settings)).execute();
  }
}
