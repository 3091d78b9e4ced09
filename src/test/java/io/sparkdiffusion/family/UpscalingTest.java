package io.sparkdiffusion.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.sampler.NoiseLevel;
import io.sparkdiffusion.testing.CopiedModel;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UpscalingTest {

  private static final String INDEX = "model_index.json";

  @TempDir Path folder;
  private Path root;

  @BeforeEach
  void copy() throws IOException {
    root = CopiedModel.of("upscaler", folder.resolve("upscaler"));
  }

  /** diffusers' DDPMScheduler of the folder: alphas_cumprod[20] is 0.99730128. */
  @Test
  void aFolderSaysHowMuchNoiseThereIs() {
    Upscaling upscaling = Networks.check(ModelFolder.open(root)).upscaling().orElseThrow();
    NoiseLevel level = upscaling.at(20);

    assertThat(upscaling.mostNoise()).isEqualTo(350);
    assertThat(level.signal() * level.signal()).isEqualTo(0.99730128, Offset.offset(1e-7));
    assertThat(level.noise() * level.noise()).isEqualTo(1 - 0.99730128, Offset.offset(1e-7));
  }

  @Test
  void othersDoNotUpscale() {
    Networks base = Networks.check(ModelFolder.open(ReferenceModels.folder("base")));

    assertThat(base.upscaling()).isEmpty();
    assertThat(base.vaeDtype(Dtype.FLOAT16)).isEqualTo(Dtype.FLOAT16);
  }

  @Test
  void theSchedulerDecidesImages() throws IOException {
    assertThat(ModelFolder.open(root).files()).contains("low_res_scheduler/scheduler_config.json");
    assertThat(ModelFolder.open(ReferenceModels.folder("base")).files())
        .doesNotContain("low_res_scheduler/scheduler_config.json");

    Path file = root.resolve("low_res_scheduler/scheduler_config.json");
    Files.delete(file);
    assertRefused("Cannot read %s: ".formatted(file), "(missing)");
  }

  /** Without the key it is as published. */
  @Test
  void mostNoiseIsRead() throws IOException {
    edit(INDEX, "\"max_noise_level\": 350", "\"max_noise_level\": 12");
    assertThat(upscaling().mostNoise()).isEqualTo(12);

    edit(INDEX, "\"max_noise_level\": 12", "\"other\": 12");
    assertThat(upscaling().mostNoise()).isEqualTo(350);
    ModelInputs inputs = ModelInputs.of(ModelFolder.open(root), networks());
    inputs.requireNoise(350);
    assertThatThrownBy(() -> inputs.requireNoise(351))
        .hasMessage(
            "Cannot use noise_level: it must be at most the model's max_noise_level, 350 (351)");
  }

  @ParameterizedTest
  @CsvSource({"-1", "1000", "1.5", "true"})
  void noiseThatTheUnetHasNoClassForIsRefused(String most) throws IOException {
    edit(INDEX, "\"max_noise_level\": 350", "\"max_noise_level\": " + most);

    assertRefused(
        "Cannot use max_noise_level of %s: it must be a whole number below num_class_embeds and num_train_timesteps, 0 to 999"
            .formatted(root.resolve(INDEX)),
        "(" + most + ")");
  }

  /** diffusers' pipeline does so with whatever the file says. */
  @Test
  void theVaeIsScaledAsPublished() throws IOException {
    edit("vae/config.json", "\"scaling_factor\": 0.08333", "\"scaling_factor\": 0.18215");

    assertThat(networks().vae().scalingFactor()).isEqualTo(0.08333);
  }

  @Test
  void aVaeThatOverflowsComputesInFloat32() throws IOException {
    assertThat(networks().vaeDtype(Dtype.FLOAT16)).isEqualTo(Dtype.FLOAT32);
    assertThat(networks().vaeDtype(Dtype.BFLOAT16)).isEqualTo(Dtype.BFLOAT16);

    edit("vae/config.json", "\"act_fn\"", "\"force_upcast\": false, \"act_fn\"");
    assertThat(networks().vaeDtype(Dtype.FLOAT16)).isEqualTo(Dtype.FLOAT16);
  }

  @Test
  void aUnetWithMoreChannelsAndNoClassesIsNone() throws IOException {
    edit("unet/config.json", "\"num_class_embeds\": 1000", "\"num_class_embeds\": null");

    assertRefused("Cannot use %s: a".formatted(root), "(7 and 4, 4)");
  }

  @Test
  void aUnetWithClassesAndNoMoreChannelsIsNone() throws IOException {
    edit("unet/config.json", "\"in_channels\": 7", "\"in_channels\": 4");

    assertRefused("Cannot use %s: a".formatted(root), "(4 and 4, 4)");
  }

  @Test
  void aCheckSaysWhatIsWrongWithIt() throws IOException {
    assertThat(ModelCheck.of(root).findings()).isEmpty();

    edit(INDEX, "\"max_noise_level\": 350", "\"max_noise_level\": 5000");
    assertThat(ModelCheck.of(root).findings())
        .singleElement()
        .satisfies(
            found ->
                assertThat(found.problems().get(0)).startsWith("Cannot use max_noise_level of "));
  }

  private Networks networks() {
    return Networks.check(ModelFolder.open(root));
  }

  private Upscaling upscaling() {
    return networks().upscaling().orElseThrow();
  }

  private void assertRefused(String begin, String end) {
    assertThatThrownBy(this::networks)
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e -> assertThat(e.problems().get(0)).startsWith(begin).contains(end));
  }

  private void edit(String file, String old, String other) throws IOException {
    Path path = root.resolve(file);
    String text = Files.readString(path);
    assertThat(text).contains(old);
    Files.writeString(path, text.replace(old, other));
  }
}
