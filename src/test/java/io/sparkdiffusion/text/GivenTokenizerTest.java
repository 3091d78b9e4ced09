package io.sparkdiffusion.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Which {@code tokenizer.json} are CLIP's; many others end the JVM where native code reads them.
 */
class GivenTokenizerTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path SMALL = ReferenceModels.folder("base/tokenizer");

  @TempDir private Path folder;
  private ObjectNode json;

  @BeforeEach
  void readClips() throws IOException {
    json = (ObjectNode) JSON.readTree(TokenizerJson.of(SMALL, SpecialTokens.read(SMALL)));
    Files.copy(SMALL.resolve("special_tokens_map.json"), folder.resolve("special_tokens_map.json"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "normalizer | null",
        "normalizer | {\"type\":\"Prepend\",\"prepend\":\"\"}",
        "normalizer | {\"type\":\"Precompiled\",\"precompiled_charsmap\":\"\"}",
        "normalizer | {\"type\":\"Replace\",\"pattern\":{\"Regex\":\"(a+)+$\"},\"content\":\"\"}",
        "normalizer | {\"type\":\"Sequence\",\"normalizers\":[null,{\"type\":\"NFC\"},4]}",
        "pre_tokenizer | {\"type\":\"FixedLength\",\"length\":0}",
        "pre_tokenizer | {\"type\":\"Split\",\"pattern\":{\"String\":\"\"},"
            + "\"behavior\":\"Isolated\",\"invert\":false}",
        "pre_tokenizer | {\"type\":\"ByteLevel\",\"add_prefix_space\":false}",
        "post_processor | null",
        "post_processor | {\"type\":\"RobertaProcessing\",\"sep\":[\"a\",1],\"cls\":[\"b\",2]}",
        "decoder | {\"type\":\"WordPiece\"}",
        "model | {\"type\":\"WordLevel\",\"vocab\":{},\"unk_token\":\"a\"}",
        "model | null",
        "added_tokens | 5",
      })
  void anotherThanClipsIsRefusedByName(String key, String value) throws IOException {
    json.set(key, JSON.readTree(value));
    assertThatThrownBy(this::load)
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot use %s: it must be CLIP's tokenizer, as transformers writes it (other: %s);"
                    .formatted(folder.resolve("tokenizer.json"), key)
                + " remove it where vocab.json and merges.txt are there");
  }

  @ParameterizedTest
  @CsvSource({
    "dropout, 1.0",
    "dropout, 0.5",
    "unk_token, null",
    "continuing_subword_prefix, \"##\"",
    "end_of_word_suffix, \"\"",
    "byte_fallback, true",
    "fuse_unk, true",
    "ignore_merges, true",
    "merges, [5]",
    "vocab, []"
  })
  void anotherModelIsRefused(String key, String value) throws IOException {
    ((ObjectNode) json.get("model")).set(key, JSON.readTree(value));
    assertThatThrownBy(this::load).hasMessageContaining("(other: model);");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"a\": -1} | (entry 1 has -1)",
        "{\"a\": 0, \"b\": 0} | (entry 2 has 0)",
        "{\"a\": 4294967295} | (entry 1 has 4294967295)",
        "{\"a\": \"0\"} | (entry 1 has none)",
      })
  void idsThatCannotBeAreRefused(String vocabulary, String actual) throws IOException {
    ((ObjectNode) json.get("model")).set("vocab", JSON.readTree(vocabulary));
    assertThatThrownBy(this::load)
        .hasMessageContaining("every token must have an id of its own from 0 to 16777215")
        .hasMessageEndingWith(actual);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"\"no such\"", "\"a\"", "\"\"", "\"a b c\"", "\" a\"", "[\"a\", \"zz!\"]"})
  void mergesOfTokensThatAreNotThereAreRefused(String merge) throws IOException {
    ((ArrayNode) json.get("model").get("merges")).insert(3, JSON.readTree(merge));
    assertThatThrownBy(this::load)
        .hasMessageContaining("every merge must join two tokens of the vocabulary to a third")
        .hasMessageContaining("(merge 4 of ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "truncation | {\"direction\":\"Right\",\"max_length\":0,\"strategy\":\"LongestFirst\",\"stride\":0}",
        "padding | {\"strategy\":{\"Fixed\":1000000000000},\"pad_to_multiple_of\":0}",
        "decoder | null",
        "version | 4",
      })
  void whatIsNotAskedOfItDoesNotMatter(String key, String value) throws IOException {
    json.set(key, JSON.readTree(value));
    assertEqualsBuilt();
  }

  /** transformers 5 and the library from 0.20 on. */
  @Test
  void mergesAsListsAndThePatternOfTransformers5AreClips() throws IOException {
    ObjectNode model = (ObjectNode) json.get("model");
    ArrayNode pairs = JSON.createArrayNode();
    for (JsonNode merge : model.get("merges")) {
      pairs.add(JSON.valueToTree(merge.asText().split(" ")));
    }
    model.set("merges", pairs);
    model.put("ignore_merges", false);
    ((ObjectNode) json.at("/pre_tokenizer/pretokenizers/0/pattern"))
        .put("Regex", "<\\|startoftext\\|>|<\\|endoftext\\|>|" + TokenizerJson.WORDS);
    assertEqualsBuilt();
  }

  /** The library before 0.13 has no {@code use_regex}, earlier ones no type of the model. */
  @Test
  void whatOlderVersionsLeaveOutMayBeAbsent() throws IOException {
    ((ObjectNode) json.at("/pre_tokenizer/pretokenizers/1")).remove("use_regex");
    ((ObjectNode) json.get("decoder")).remove("use_regex");
    ((ObjectNode) json.get("model")).remove("type");
    ((ObjectNode) json.get("model")).remove("byte_fallback");
    assertEqualsBuilt();
  }

  private void assertEqualsBuilt() throws IOException {
    try (ClipTokenizer given = load();
        ClipTokenizer built = ClipTokenizer.load(SMALL, 77)) {
      String text = "A red fox!!! 12 don't <|endoftext|>";
      assertThat(given.encode(text).ids()).isEqualTo(built.encode(text).ids());
    }
  }

  private ClipTokenizer load() throws IOException {
    JSON.writeValue(folder.resolve("tokenizer.json").toFile(), json);
    return ClipTokenizer.load(folder, 77);
  }
}
