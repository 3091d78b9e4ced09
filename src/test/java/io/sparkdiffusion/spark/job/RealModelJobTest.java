package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.PipelineCase;
import io.sparkdiffusion.testing.ReferenceModels;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The job with the real networks, small. */
class RealModelJobTest {

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  /**
   * Other rows, another order and so other partitions and neighbours leave the bytes as they are.
   */
  @Test
  void bytesDoNotDependOnPartitionOrderOrNeighbours() throws IOException {
    List<String> rows =
        IntStream.range(0, 9)
            .mapToObj(i -> "row%d,image number %d,%s".formatted(i, i, i % 3 == 0 ? 1.0 : 8.5 - i))
            .toList();
    Map<String, String> all = run("all", rows);
    assertThat(all).hasSize(9);
    for (int part = 0; part < 3; part++) {
      List<String> some = new ArrayList<>(rows.subList(part * 2, part * 2 + 5));
      java.util.Collections.reverse(some);
      run("part" + part, some)
          .forEach((id, digest) -> assertThat(digest).as(id).isEqualTo(all.get(id)));
    }
  }

  private Map<String, String> run(String name, List<String> rows) throws IOException {
    Path table = folder.resolve(name + ".csv");
    Files.writeString(table, "id,prompt,guidance_scale\n" + String.join("\n", rows) + "\n");
    execute(
        name,
        List.of(
            "pretrained_model_name_or_path=" + ReferenceModels.folder("base"),
            "prompts=" + table,
            "num_inference_steps=3",
            "resolution=64",
            "per_device_batch_size=2"));
    return spark.read().parquet(folder.resolve(name + "/rows").toString()).collectAsList().stream()
        .collect(Collectors.toMap(row -> row.getAs("id"), row -> row.getAs("sha256")));
  }

  /** As diffusers does: the text encoder reads its two marks alone. */
  @Test
  void drawsAnEmptyPrompt() throws IOException {
    assertThat(run("empty", List.of("a,\"\",7.5", "b,a fox,7.5")).values())
        .doesNotContainNull()
        .doesNotHaveDuplicates()
        .hasSize(2);
  }

  /** From a row of the table to the PNG in the result: diffusers' pixels, at most one level off. */
  @Test
  void imagesEqualDiffusers() throws IOException {
    PipelineCase known =
        PipelineCase.all().stream()
            .filter(run -> run.requests().size() == 1)
            .filter(run -> run.requests().get(0).numInferenceSteps() == 5)
            .findFirst()
            .orElseThrow();
    ImageRequest request = known.requests().get(0);
    execute(
        "known",
        List.of(
            "pretrained_model_name_or_path=" + ReferenceModels.folder(known.model()),
            "prompt=" + request.prompt(),
            "negative_prompt=" + request.negativePrompt(),
            "seed=" + request.seed(),
            "num_inference_steps=" + request.numInferenceSteps(),
            "guidance_scale=" + request.guidanceScale(),
            "guidance_rescale=" + request.guidanceRescale(),
            "eta=" + request.eta(),
            "height=" + request.heightPixels(),
            "width=" + request.widthPixels(),
            "diffusion_scheduler_config={timestep_spacing: %s, rescale_betas_zero_snr: %s}"
                .formatted(
                    known.schedulerOverrides().get("timestep_spacing"),
                    known.schedulerOverrides().get("rescale_betas_zero_snr"))));
    Row row = spark.read().parquet(folder.resolve("known/rows").toString()).head();
    Row image = row.getAs("image");
    BufferedImage png = ImageIO.read(new ByteArrayInputStream(image.getAs("bytes")));
    byte[] reference =
        ReferenceModels.numbers("pipeline.safetensors").bytes(known.name() + "/pixels");
    for (int i = 0; i < reference.length; i++) {
      int pixel = i / 3;
      int rgb = png.getRGB(pixel % png.getWidth(), pixel / png.getWidth());
      int value = (rgb >> (16 - 8 * (i % 3))) & 0xFF;
      assertThat(Math.abs(value - (reference[i] & 0xFF))).as("value %d", i).isLessThanOrEqualTo(1);
    }
    assertThat(folder.resolve("known/image_0.png")).hasBinaryContent(image.getAs("bytes"));
  }

  private void execute(String name, List<String> settings) throws IOException {
    Path config = Files.writeString(folder.resolve(name + ".yml"), "run_name: test\n");
    List<String> all = new ArrayList<>(settings);
    all.add("device=cpu");
    all.add("output_dir=" + folder.resolve(name));
    GenerateJob.Result result = new GenerateJob(spark, JobConfig.load(config, all)).execute();
    assertThat(result.counts().failed()).isZero();
  }
}
