package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.NarrowModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The job with Flax's weights. */
class FlaxModelJobTest {

  @TempDir private Path folder;
  private Path flax;
  private Path safetensors;

  @BeforeEach
  void models() throws IOException {
    flax = NarrowModel.flax(folder.resolve("flax"));
    safetensors = NarrowModel.safetensors(folder.resolve("safetensors"));
  }

  @Test
  void makesTheSamePngFilesAsFromSafetensors() throws IOException {
    byte[] expected = picture("expected", safetensors, true);

    assertThat(picture("actual", flax, false)).isEqualTo(expected);
    assertThat(Files.readString(folder.resolve("actual/run.json")))
        .contains("\"from_pt\" : \"false\"");
  }

  @Test
  void saysWhichSettingGoesWithAFolder() {
    assertThatThrownBy(() -> picture("x", flax, true))
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e ->
                assertThat(e.problems())
                    .containsExactly(
                        missing("text_encoder", "model.safetensors", "Flax's, set from_pt=false"),
                        missing(
                            "unet",
                            "diffusion_pytorch_model.safetensors",
                            "Flax's, set from_pt=false"),
                        missing(
                            "vae",
                            "diffusion_pytorch_model.safetensors",
                            "Flax's, set from_pt=false")));
  }

  private String missing(String part, String file, String hint) {
    return "Cannot load %s of %s: %s must be there (missing); the weights there are %s"
        .formatted(part, flax, file, hint);
  }

  private byte[] picture(String name, Path model, boolean isPyTorch) throws IOException {
    Path config = Files.writeString(folder.resolve(name + ".yml"), "prompt: a fox\n");
    Path output = folder.resolve(name);
    JobConfig settings =
        JobConfig.load(
            config,
            List.of(
                "pretrained_model_name_or_path=" + model,
                "from_pt=" + isPyTorch,
                "png_parameters=false",
                "num_inference_steps=2",
                "resolution=64",
                "device=cpu",
                "output_dir=" + output));
    new GenerateJob(LocalSpark.session(), settings).execute();
    return Files.readAllBytes(output.resolve("image_0.png"));
  }
}
