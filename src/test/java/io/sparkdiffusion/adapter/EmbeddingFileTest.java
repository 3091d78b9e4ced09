package io.sparkdiffusion.adapter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.testing.AdapterFiles;
import io.sparkdiffusion.weights.TensorFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files of textual inversion, good and bad. */
class EmbeddingFileTest {

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "<toy> F32 1024 | <toy> | 1 | 1024",
        "<toy> F16 1,768 | <toy> | 1 | 768",
        "emb_params BF16 8,1024 | a b | 8 | 1024"
      })
  void aTokenIsTheFilesOrItsName(String tensor, String token, int vectors, long width) {
    EmbeddingFile file = open(tensor);
    assertThat(file.token("org/name/a b.safetensors")).isEqualTo(token);
    assertThat(file.vectors()).isEqualTo(vectors);
    assertThat(file.width()).isEqualTo(width);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "clip_g F32 4,1280;clip_l F32 4,768 | it must be for this model, it is for Stable Diffusion XL (clip_g, clip_l)",
        "<a> F32 4;<b> F32 4 | it must hold one tensor, the vectors of a token (<a>, <b>)",
        "<a> F32 2,2,4 | it must hold a vector, or some of one width ([2, 2, 4])",
        "<a> F32 0,4 | it must hold a vector, or some of one width ([0, 4])",
        "lora_te_text_model_x.lora_up.weight F32 4,4 | it must hold the vectors of a token, not a LoRA (lora_te_text_model_x.lora_up.weight); name it in loras"
      })
  void whatIsNoTokensVectorsIsRefused(String tensors, String problem) {
    assertThatThrownBy(() -> open(tensors.split(";", -1)))
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e ->
                assertThat(e.problems())
                    .containsExactly("Cannot use embedding %s: %s".formatted(file(), problem)));
  }

  @Test
  void everyNumberMustBeFinite() throws IOException {
    float[] values = new float[8];
    values[5] = Float.NaN;
    TensorFile.Writer writer = new TensorFile.Writer();
    writer.add("<a>", values, Shape.of(2, 4));
    writer.write(file());
    assertThatThrownBy(() -> EmbeddingFile.open(file()))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot use <a> of %s: its numbers must be finite (NaN or infinity at 5)"
                .formatted(file()));
  }

  @Test
  void aCutFileSaysSo() throws IOException {
    open("<a> F32 2,4");
    byte[] all = Files.readAllBytes(file());
    Files.write(file(), Arrays.copyOf(all, all.length - 4));
    assertThatThrownBy(() -> EmbeddingFile.open(file()))
        .isInstanceOf(ProblemsException.class)
        .hasMessageContaining("it must lie inside the file of");
  }

  @Test
  void picklesAreRefusedWithTheReason() throws IOException {
    Path pickle = Files.write(folder.resolve("a.safetensors"), new byte[] {'P', 'K', 3, 4, 0});
    for (Path file : List.of(pickle, folder.resolve("a.pt"))) {
      assertThatThrownBy(() -> EmbeddingFile.open(file))
          .isInstanceOf(ProblemsException.class)
          .hasMessageStartingWith(
              "Cannot use embedding %s: it must be a safetensors file (a pickle, which runs code of whoever made it); where you trust it, "
                  .formatted(file))
          .hasMessageContaining("['string_to_param']['*']");
    }
  }

  @Test
  void anotherWidthSaysWhichModelItIsFor() {
    EmbeddingSet set =
        new EmbeddingSet(
            List.of(
                new EmbeddingSet.Token("a", open("<a> F32 2,768")),
                new EmbeddingSet.Token("b", open("<a> F32 8"))));
    assertThatThrownBy(() -> set.requireWidth(1024))
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e ->
                assertThat(e.problems())
                    .containsExactly(
                        "Cannot use embedding %s: it must be for this model, it is for Stable Diffusion 1 (its vectors are 768 wide, the model's 1024)"
                            .formatted(file()),
                        "Cannot use embedding %s: it must be for this model, it is for another model (its vectors are 8 wide, the model's 1024)"
                            .formatted(file())));
  }

  private EmbeddingFile open(String... tensors) {
    return EmbeddingFile.open(AdapterFiles.zeros(file(), tensors));
  }

  private Path file() {
    return folder.resolve("a.safetensors");
  }
}
