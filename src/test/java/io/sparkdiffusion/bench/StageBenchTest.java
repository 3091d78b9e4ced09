package io.sparkdiffusion.bench;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.testing.Comparison;
import io.sparkdiffusion.testing.CopiedModel;
import io.sparkdiffusion.testing.ReferenceFile;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.weights.TensorFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StageBenchTest {

  private static final double BOUND = 1e-5;
  private static final float SCALE = 0.7f;

  private final TensorFile.Writer inputs = new TensorFile.Writer();
  private Path folder;

  @BeforeEach
  void makeFolder(@TempDir Path made) {
    folder = made;
  }

  @Test
  void encodesAsDiffusers() throws IOException {
    ReferenceFile numbers = ReferenceModels.numbers("encoder.safetensors");
    give("pixels", numbers, "square/images");
    give("noise", numbers, "square/noise");
    ReferenceFile answers = answers(ReferenceModels.folder("base"), "encoder");
    Comparison.assertClose(
        "latents", answers.floats("encoded"), numbers.floats("base/square/latents"), BOUND);
  }

  /** Both rows of guidance are given the same text. */
  @Test
  void drawsUnderAControlNetAsDiffusers() throws IOException {
    ReferenceFile numbers = ReferenceModels.numbers("controlnet.safetensors");
    give("sample", numbers, "v21/odd/sample");
    give("condition", numbers, "v21/odd/image");
    long[] states = numbers.shape("v21/odd/encoder_hidden_states");
    inputs.add(
        "states",
        twice(numbers.floats("v21/odd/encoder_hidden_states")),
        Shape.of(2, states[1], states[2]));
    inputs.add("timestep", new float[] {numbers.longs("v21/odd/timestep")[0]}, Shape.of(1));
    inputs.add("scale", new float[] {SCALE}, Shape.of(1, 1));
    Path model = CopiedModel.of("v21", folder.resolve("model"));
    CopiedModel.of("controlnet/v21", model.resolve("controlnet"));
    ReferenceFile answers = answers(model, "control");
    Comparison.assertClose(
        "noise", answers.floats("controlled"), twice(numbers.floats("v21/odd/noise")), BOUND);
  }

  @Test
  void saysWhichStagesThereAre() {
    give("noise", ReferenceModels.numbers("encoder.safetensors"), "square/noise");
    assertThatThrownBy(() -> answers(ReferenceModels.folder("base"), "step"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Cannot run a stage: it must be one of text, unet, control, guidance, encoder, vae (step)");
  }

  private void give(String name, ReferenceFile numbers, String tensor) {
    inputs.add(name, numbers.floats(tensor), Shape.of(numbers.shape(tensor)));
  }

  private static float[] twice(float[] values) {
    float[] both = Arrays.copyOf(values, 2 * values.length);
    System.arraycopy(values, 0, both, values.length, values.length);
    return both;
  }

  private ReferenceFile answers(Path model, String question) throws IOException {
    Path given = folder.resolve("inputs.safetensors");
    inputs.write(given);
    Path answered = folder.resolve("answers.safetensors");
    try (StageBench bench =
        new StageBench(ModelFolder.open(model), TensorFile.read(given), Dtype.FLOAT32, "cpu")) {
      bench.seconds(question);
      bench.write(answered);
    }
    return ReferenceFile.of(answered);
  }
}
