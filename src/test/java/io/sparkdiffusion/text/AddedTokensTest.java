package io.sparkdiffusion.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Textual inversion's tokens, against transformers and diffusers' maybe_convert_prompt. */
class AddedTokensTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path SMALL = ReferenceModels.folder("base/tokenizer");

  @TempDir private Path folder;

  static List<JsonNode> folders() throws IOException {
    List<JsonNode> cases = new ArrayList<>();
    JSON.readTree(ReferenceModels.folder("added_tokens.json").toFile()).forEach(cases::add);
    return cases;
  }

  @ParameterizedTest
  @MethodSource("folders")
  void idsEqualDiffusersHoweverTheTokensWereSaved(JsonNode reference) throws IOException {
    write(reference.get("files"));
    try (ClipTokenizer tokenizer = ClipTokenizer.load(folder, 77)) {
      reference
          .get("ids")
          .properties()
          .forEach(
              prompt ->
                  assertThat(tokenizer.encode(prompt.getKey()).ids())
                      .as("%s: %s", reference.get("name"), prompt.getKey())
                      .containsExactly(JSON.convertValue(prompt.getValue(), long[].class)));
    }
  }

  /** The reference's files, which leave out the vocabulary. */
  private void write(JsonNode files) throws IOException {
    JsonNode vocabulary = JSON.readTree(SMALL.resolve("vocab.json").toFile());
    List<String> merges = Files.readAllLines(SMALL.resolve("merges.txt"));
    for (var file : files.properties()) {
      JsonNode json = file.getValue();
      if (json.has("model")) {
        ((ObjectNode) json.get("model")).set("vocab", vocabulary);
        ((ObjectNode) json.get("model"))
            .set("merges", JSON.valueToTree(merges.subList(1, merges.size())));
      }
      JSON.writeValue(folder.resolve(file.getKey()).toFile(), json);
    }
    if (!files.has("tokenizer.json")) {
      Files.copy(SMALL.resolve("vocab.json"), folder.resolve("vocab.json"));
      Files.copy(SMALL.resolve("merges.txt"), folder.resolve("merges.txt"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{\"<toy>\": 1015} ; those beyond the vocabulary must have the ids that follow its 1014"
            + " tokens, without a gap (1015, 1014 expected)",
        "{\"<toy>\": 1014, \"<cat>\": 1014} ; two tokens must not share an id (1014)",
        "{\"<|endoftext|>\": 5} ; a token of the vocabulary must keep its id (5, 1013 there)",
        "{\"<toy>\": 4294967295} ; an id must be a whole number (4294967295)",
        "{\"<toy>\": -1} ; those beyond the vocabulary must have the ids that follow its 1014"
            + " tokens, without a gap (-1, 1014 expected)",
      })
  void otherIdsThanTransformersGivesAreRefused(String added, String problem) throws IOException {
    for (String file : List.of("vocab.json", "merges.txt", "special_tokens_map.json")) {
      Files.copy(SMALL.resolve(file), folder.resolve(file));
    }
    Files.writeString(folder.resolve("added_tokens.json"), added);
    assertThatThrownBy(() -> ClipTokenizer.load(folder, 77))
        .isInstanceOf(ProblemsException.class)
        .hasMessage("Cannot use the added tokens of %s: %s".formatted(folder, problem));
  }

  /** Where the embedding was not enlarged, a prompt with the placeholder would end the run. */
  @Test
  void tokensThatTheTextEncoderLacksAreRefused() throws IOException {
    for (String file : List.of("vocab.json", "merges.txt", "special_tokens_map.json")) {
      Files.copy(SMALL.resolve(file), folder.resolve(file));
    }
    Files.writeString(folder.resolve("added_tokens.json"), "{\"<toy>\": 1014}");
    try (ClipTokenizer tokenizer = ClipTokenizer.load(folder, 77)) {
      tokenizer.requireIdsBelow(1015, folder);
      assertThatThrownBy(() -> tokenizer.requireIdsBelow(1014, folder))
          .isInstanceOf(ProblemsException.class)
          .hasMessage(
              "Cannot use the tokenizer of %s: its ids must be below the text encoder's vocab_size"
                      .formatted(folder)
                  + " (id 1014, vocab_size 1014)");
    }
  }

  /** A prompt full of placeholders of many vectors grows beyond what is read of it. */
  @Test
  void placeholdersAreWrittenOutWithinBounds() throws IOException {
    for (String file : List.of("vocab.json", "merges.txt", "special_tokens_map.json")) {
      Files.copy(SMALL.resolve(file), folder.resolve(file));
    }
    ObjectNode added = JSON.createObjectNode().put("<t>", 1014);
    for (int i = 1; i < 500; i++) {
      added.put("<t>_" + i, 1014 + i);
    }
    JSON.writeValue(folder.resolve("added_tokens.json").toFile(), added);
    try (ClipTokenizer tokenizer = ClipTokenizer.load(folder, 77)) {
      ClipTokenizer.Tokens tokens = tokenizer.encode("<t>".repeat(33_000));
      assertThat(tokens.ids()[1]).isEqualTo(1014);
      assertThat(tokens.ids()[75]).isEqualTo(1014 + 74);
      assertThat(tokens.lostText()).hasSizeLessThan(1_000_000);
    }
  }
}
