package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.testing.PipelineCase;
import io.sparkdiffusion.testing.ReferenceFile;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a table of small images to large ones, against diffusers' upscaling pipeline. */
class UpscaleJobTest {

  private static final int SIDE = 64;
  private static final int SMALL = SIDE / 4;

  private final PipelineCase run = PipelineCase.upscaled().get(0);
  private final ReferenceFile numbers = ReferenceModels.numbers(run.numbers());

  @TempDir private Path folder;
  private ImageJobs jobs;

  @BeforeEach
  void prepare() {
    jobs = ImageJobs.of(folder, run);
  }

  @Test
  void aTablesImagesAreUpscaledAsDiffusersDoesHoweverItIsDivided() throws IOException {
    Map<String, Row> whole = jobs.run("whole", table("whole", 1), "gallery=false");
    ImageJobs.assertEqualToDiffusers(run, whole);
    assertThat(whole.get("row0").<Integer>getAs("noise_level")).isEqualTo(20);
    assertThat(whole.get("row0").<Double>getAs("strength")).isNull();
    assertThat(whole.get("weak").<String>getAs("request_hash"))
        .isEqualTo(whole.get("row0").getAs("request_hash"));
    assertThat(whole.get("noisier").<String>getAs("sha256"))
        .isNotEqualTo(whole.get("row0").getAs("sha256"));

    assertThat(ImageJobs.error(whole, "text"))
        .isEqualTo("Cannot use the model: this is an upscaling model: it needs init_image (none)");
    assertThat(ImageJobs.error(whole, "noisiest"))
        .isEqualTo(
            "Cannot use noise_level: it must be at most the model's max_noise_level, 350 (400)");
    assertThat(ImageJobs.error(whole, "large"))
        .isEqualTo(
            "Cannot read init_image: it must be 16 x 16 pixels, or init_image_fit must be resize or crop (64 x 64)");

    Map<String, Row> divided = jobs.run("divided", table("divided", 4), "gallery=false");
    List.of("noisiest", "large", "text").forEach(whole::remove);
    divided.keySet().retainAll(whole.keySet());
    ImageJobs.assertSame(divided, whole, "sha256", "request_hash");
  }

  @Test
  void withoutAnImageOrWithTooMuchNoiseNothingIsBegun() throws IOException {
    assertThatThrownBy(() -> jobs.job("none", "prompt=a fox").execute())
        .isInstanceOf(ProblemsException.class)
        .hasMessage("Cannot use the model: this is an upscaling model: it needs init_image (none)");
    Path small = Files.write(folder.resolve("small.png"), png(0, SMALL));
    assertThatThrownBy(
            () ->
                jobs.job("noise", "prompt=a fox", "init_image=" + small, "noise_level=351")
                    .execute())
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot use noise_level: it must be at most the model's max_noise_level, 350 (351)");
    assertThat(jobs.output("none")).doesNotExist();
    assertThat(jobs.output("noise")).doesNotExist();
  }

  @Test
  void allStepsAreTakenWhateverTheJobsStrengthSays() throws IOException {
    Path small = Files.write(folder.resolve("small.png"), png(0, SMALL));
    assertThat(
            jobs.job("weak", "prompt=a fox", "init_image=" + small, "strength=0").dryRun().toMake())
        .isEqualTo(1);
  }

  private byte[] png(int index, int side) {
    byte[] all = numbers.bytes("images/%sx%s".formatted(SMALL, SMALL));
    byte[] rgb =
        side == SMALL
            ? ImageJobs.part(all, index, run.requests().size())
            : new byte[3 * side * side];
    return ImageJobs.png(side, side, rgb);
  }

  private Path table(String name, int partitions) {
    StructType schema =
        ImageJobs.ofRequests()
            .add("init_image", DataTypes.BinaryType)
            .add("noise_level", DataTypes.IntegerType)
            .add("strength", DataTypes.DoubleType);
    List<Row> rows = new ArrayList<>();
    for (ImageRequest request : run.requests()) {
      rows.add(ImageJobs.row(request, request.id(), png(rows.size(), SMALL), null, null));
    }
    ImageRequest first = run.requests().get(0);
    rows.add(ImageJobs.row(first, "noisier", png(0, SMALL), 40, null));
    rows.add(ImageJobs.row(first, "weak", png(0, SMALL), null, 0.0));
    rows.add(ImageJobs.row(first, "noisiest", png(0, SMALL), 400, null));
    rows.add(ImageJobs.row(first, "large", png(0, SIDE), null, null));
    rows.add(ImageJobs.row(first, "text", null, null, null));
    return jobs.parquet(name, partitions, schema, rows);
  }
}
