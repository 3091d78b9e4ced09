package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.NarrowModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The job with Flax's weights. */
class FlaxModelJobTest {

  @TempDir private Path folder;

  @Test
  void makesTheSamePngFilesAsFromSafetensors() throws IOException {
    Path safetensors = NarrowModel.safetensors(folder.resolve("safetensors"));
    Path flax = NarrowModel.flax(folder.resolve("flax"));

    assertThat(image("actual", flax, false)).isEqualTo(image("expected", safetensors, true));
    assertThat(Files.readString(folder.resolve("actual/run.json")))
        .contains("\"from_pt\" : \"false\"");
  }

  private byte[] image(String name, Path model, boolean isPyTorch) throws IOException {
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
