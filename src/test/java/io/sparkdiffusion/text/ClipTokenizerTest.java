package io.sparkdiffusion.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.testing.PublishedFiles;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClipTokenizerTest {

  private static final int POSITIONS = 77;
  private static final Path SMALL = ReferenceModels.folder("base/tokenizer");

  @Test
  void idsOfFiveThousandPromptsEqualTransformers() throws IOException {
    assertIdsEqual(SMALL, prompts("tokens.json.gz"), prompts("tokens.json.gz"), 5000);
  }

  @Test
  void idsWithThePublishedVocabularyEqualTransformers() throws IOException {
    Path folder = PublishedFiles.of("stable-diffusion-2-1-base/tokenizer");
    assertIdsEqual(folder, prompts("tokens.json.gz"), prompts("tokens_real.json.gz"), 5000);
  }

  private static void assertIdsEqual(Path folder, JsonNode prompts, JsonNode reference, int count) {
    assertThat(prompts.size()).isEqualTo(reference.size()).isEqualTo(count);
    try (ClipTokenizer tokenizer = ClipTokenizer.load(folder, POSITIONS)) {
      for (int i = 0; i < count; i++) {
        String prompt = prompts.get(i).get("prompt").asText();
        ClipTokenizer.Tokens tokens = tokenizer.encode(prompt);
        assertThat(tokens.ids()).as("prompt %d", i).containsExactly(ids(reference.get(i)));
        assertThat(tokens.tokenCount())
            .as("tokens of prompt %d", i)
            .isEqualTo(reference.get(i).get("count").asInt());
        assertThat(tokens.lostText().isEmpty())
            .as("prompt %d fits", i)
            .isEqualTo(tokens.tokenCount() <= POSITIONS);
        assertThat(prompt).endsWith(tokens.lostText());
      }
    }
  }

  private static long[] ids(JsonNode reference) {
    long[] ids = new long[POSITIONS];
    for (int i = 0; i < reference.get("ids").size(); i++) {
      ids[i] = reference.get("ids").get(i).asLong();
    }
    return ids;
  }

  private static JsonNode prompts(String file) throws IOException {
    try (var in = new GZIPInputStream(Files.newInputStream(ReferenceModels.folder(file)))) {
      return new ObjectMapper().readTree(in);
    }
  }

  @Test
  void whatIsCutOffIsTold() {
    String fits = "a ".repeat(75);
    String lost = "\uD83D\uDE00 the END  of it";
    try (ClipTokenizer tokenizer = ClipTokenizer.load(SMALL, POSITIONS)) {
      assertThat(tokenizer.encode(fits).lostText()).isEmpty();
      assertThat(tokenizer.encode(fits).tokenCount()).isEqualTo(POSITIONS);
      assertThat(tokenizer.encode(fits + lost).lostText()).isEqualTo(lost);
      int emoji = tokenizer.encode("\uD83D\uDE00").tokenCount() - 2;
      assertThat(tokenizer.encode("\uD83D\uDE00" + " a".repeat(75 - emoji) + " z z").lostText())
          .isEqualTo("z z");
    }
  }

  @Test
  void aGivenTokenizerJsonIsUsed(@TempDir Path folder) throws IOException {
    Files.writeString(
        folder.resolve("tokenizer.json"), TokenizerJson.of(SMALL, SpecialTokens.read(SMALL)));
    Files.copy(SMALL.resolve("special_tokens_map.json"), folder.resolve("special_tokens_map.json"));
    try (ClipTokenizer given = ClipTokenizer.load(folder, POSITIONS);
        ClipTokenizer built = ClipTokenizer.load(SMALL, POSITIONS)) {
      assertThat(given.encode("A red fox!!!").ids()).isEqualTo(built.encode("A red fox!!!").ids());
    }
  }

  @Test
  void aVocabularyWithoutSpecialTokensIsRefused(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve("vocab.json"), "{\"a\": 0, \"a</w>\": 1}");
    Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\n");
    assertThatThrownBy(() -> ClipTokenizer.load(folder, POSITIONS))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot use %s: it must hold the special token <|startoftext|> (missing)"
                .formatted(folder.resolve("vocab.json")));
  }

  @Test
  void mergesThatDoNotFitTheVocabularyAreRefused(@TempDir Path folder) throws IOException {
    for (String file : List.of("vocab.json", "special_tokens_map.json")) {
      Files.copy(SMALL.resolve(file), folder.resolve(file));
    }
    Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\nno suchmerge\n");
    assertThatThrownBy(() -> ClipTokenizer.load(folder, POSITIONS))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot use %s: every merge must join two tokens of the vocabulary to a third (merge 1"
                    .formatted(folder.resolve("merges.txt"))
                + " of 1 does not)");
  }

  /** What no UTF-8 has, and what Unicode has given to nothing, ends no JVM. */
  @Test
  void oddCharactersHaveIds() {
    try (ClipTokenizer tokenizer = ClipTokenizer.load(SMALL, POSITIONS)) {
      for (String odd :
          List.of("\uD800", "a\uDC00b", "\uDC00\uD800", "x\uD83D", "\0", "a\0b", "\uFFFF")) {
        assertThat(tokenizer.encode(odd).ids()).hasSize(POSITIONS);
      }
      assertThat(tokenizer.encode("\uD800").ids()).isEqualTo(tokenizer.encode("\uFFFD").ids());
      int[] unassigned = {0x378, 0xE0080, 0x10FFFF, 0x1F, 0x85, 0x2028, 0x202E, 0x1B};
      for (int c : unassigned) {
        assertThat(tokenizer.encode("a " + Character.toString(c) + " b").tokenCount())
            .isGreaterThanOrEqualTo(4);
      }
    }
  }

  /** A text of 9 MB ends the JVM where all of it reaches the library. */
  @Test
  void aTextOfAnyLengthIsSurvived() {
    try (ClipTokenizer tokenizer = ClipTokenizer.load(SMALL, POSITIONS)) {
      for (String part : List.of("a ", "a", " ", "\u4E2D", "\uD83D\uDE00", "!", "1")) {
        ClipTokenizer.Tokens tokens = tokenizer.encode(part.repeat(10_000_000 / part.length()));
        assertThat(tokens.ids()).hasSize(POSITIONS);
      }
    }
  }

  @Test
  void everyTextHasTheSameNumberOfIds() {
    try (ClipTokenizer tokenizer = ClipTokenizer.load(SMALL, POSITIONS)) {
      long[] ids = tokenizer.encode("").ids();
      assertThat(ids).hasSize(POSITIONS);
      assertThat(Arrays.stream(ids).skip(2)).containsOnly(0L);
    }
  }
}
