package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkdiffusion.adapter.AdapterSet;
import io.sparkdiffusion.adapter.EmbeddingFile;
import io.sparkdiffusion.adapter.EmbeddingSet;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.family.Networks;
import io.sparkdiffusion.pipeline.TextEncoder.EncodedText;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.Comparison;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.testing.Requests;
import io.sparkdiffusion.text.ClipTokenizer;
import io.sparkdiffusion.weights.TensorFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens of textual inversion against diffusers' load_textual_inversion. */
class TextualInversionTest {

  private static final TensorFile REFERENCE =
      TensorFile.read(ReferenceModels.folder("textual_inversion.safetensors"));

  @ParameterizedTest
  @ValueSource(strings = {"base", "sd15"})
  void idsEqualDiffusers(String model) throws IOException {
    JsonNode about = about(model);
    long[] expected = REFERENCE.longs(model + "/ids");
    try (ClipTokenizer tokenizer =
        Networks.tokenizer(folder(model), set(model, about.get("embeddings")))) {
      int at = 0;
      for (JsonNode texts : about.get("prompts")) {
        for (JsonNode text : texts) {
          assertThat(tokenizer.encode(text.asText()).ids())
              .as(text.asText())
              .containsExactly(Arrays.copyOfRange(expected, at, at + 77));
          at += 77;
        }
      }
      assertThat(at).isEqualTo(expected.length);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"base", "sd15"})
  void statesEqualDiffusers(String model) throws IOException {
    JsonNode about = about(model);
    try (StableDiffusionPipeline pipeline = pipeline(model, set(model, about.get("embeddings")))) {
      int position = 0;
      for (JsonNode texts : about.get("prompts")) {
        List<EncodedText> both = encode(pipeline, texts, "plain");
        assertStates(both.get(0), model + "/negative", position);
        assertStates(both.get(1), model + "/prompt", position);
        position++;
      }
      int number = 0;
      for (JsonNode texts : about.get("pairs")) {
        String name = "%s/weighted/%s/".formatted(model, number++);
        List<EncodedText> both = encode(pipeline, texts, "a1111");
        assertStates(both.get(0), name + "negative", 0);
        assertStates(both.get(1), name + "prompt", 0);
      }
      assertThat(position + number).isEqualTo(9);
    }
  }

  private static void assertStates(EncodedText text, String name, int position) {
    float[] states = text.embeddings().toFloats();
    float[] all = REFERENCE.floats(name);
    float[] expected =
        Arrays.copyOfRange(all, position * states.length, (position + 1) * states.length);
    Comparison.assertClose("%s %s".formatted(name, position), states, expected, 1e-5);
  }

  private static List<EncodedText> encode(
      StableDiffusionPipeline pipeline, JsonNode texts, String syntax) {
    ImageRequest request =
        Requests.of(
            "a",
            0,
            texts.get(0).asText(),
            texts.get(1).asText(),
            Parameters.PROMPT_SYNTAX.of(syntax));
    return pipeline.prompts().encode(List.of(request), true);
  }

  @Test
  void aTokenThatIsThereAlreadyIsRefused() {
    EmbeddingFile faces = file("base", "faces");
    EmbeddingFile toy = file("base", "toy");
    EmbeddingSet taken =
        new EmbeddingSet(
            List.of(
                new EmbeddingSet.Token("the", toy),
                new EmbeddingSet.Token("<new>", toy),
                new EmbeddingSet.Token("<new>", faces),
                new EmbeddingSet.Token("<more>_1", toy),
                new EmbeddingSet.Token("<more>", toy)));
    String problem =
        "Cannot add token %s: it must be new to the tokenizer, embeddings=PATH:TOKEN gives it another name (%s is there)";
    assertThatThrownBy(() -> pipeline("base", taken))
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e ->
                assertThat(e.problems())
                    .containsExactly(
                        problem.formatted("the", "the"),
                        problem.formatted("<new>", "<new>"),
                        problem.formatted("<more>", "<more>_1")));
  }

  @Test
  void vectorsOfAnotherWidthAreRefused() {
    EmbeddingSet other =
        new EmbeddingSet(List.of(new EmbeddingSet.Token("!toy", file("sd15", "toy"))));
    assertThatThrownBy(() -> pipeline("base", other))
        .isInstanceOf(ProblemsException.class)
        .hasMessageEndingWith("(its vectors are 24 wide, the model's 40)");
  }

  private static StableDiffusionPipeline pipeline(String model, EmbeddingSet set) {
    return StableDiffusionPipeline.load(
        folder(model), AdapterSet.NONE, set, new PipelineOptions("cpu", "float32", 1, Map.of()));
  }

  private static ModelFolder folder(String model) {
    return ModelFolder.open(ReferenceModels.folder(model));
  }

  private static JsonNode about(String model) throws IOException {
    JsonNode all = new ObjectMapper().readTree(REFERENCE.metadata().get("about"));
    return StreamSupport.stream(all.spliterator(), false)
        .filter(one -> one.get("model").asText().equals(model))
        .findFirst()
        .orElseThrow();
  }

  private static EmbeddingSet set(String model, JsonNode entries) {
    return new EmbeddingSet(
        StreamSupport.stream(entries.spliterator(), false)
            .map(entry -> token(model, entry.asText()))
            .toList());
  }

  private static EmbeddingSet.Token token(String model, String entry) {
    String[] parts = entry.split(":", -1);
    EmbeddingFile file = file(model, parts[0]);
    return new EmbeddingSet.Token(parts.length > 1 ? parts[1] : file.token(file.toString()), file);
  }

  private static EmbeddingFile file(String model, String name) {
    Path widths = ReferenceModels.folder("embeddings");
    return EmbeddingFile.open(
        widths.resolve(model.equals("base") ? "40" : "24").resolve(name + ".safetensors"));
  }
}
