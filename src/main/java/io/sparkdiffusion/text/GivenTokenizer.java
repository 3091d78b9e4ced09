package io.sparkdiffusion.text;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.SmallFile;
import io.sparkdiffusion.config.StrictJson;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * A folder's {@code tokenizer.json}, which must describe CLIP's tokenizer as transformers 4 and 5
 * write it: any other would give other ids, and some end the JVM. Only its vocabulary, merges and
 * added tokens are taken; how texts are cut and filled up is not asked of it.
 *
 * @param vocabulary with the merges
 * @param added its added tokens, as they stand there
 */
record GivenTokenizer(Vocabulary vocabulary, List<?> added) {

  /** CLIP's words; transformers 5 writes the special tokens first, which are found before. */
  private static final Set<String> WORDS =
      Set.of(TokenizerJson.WORDS, "<\\|startoftext\\|>|<\\|endoftext\\|>|" + TokenizerJson.WORDS);

  /** Reads and checks the file. */
  static GivenTokenizer read(Path file, SpecialTokens special) {
    Map<String, Object> json = StrictJson.read(file, SmallFile.VOCABULARY_BYTES);
    List<String> other = new ArrayList<>();
    note(other, "normalizer", isNormalizer(json.get("normalizer")));
    note(other, "pre_tokenizer", isPreTokenizer(json.get("pre_tokenizer")));
    note(other, "post_processor", isPostProcessor(json.get("post_processor"), special));
    note(other, "decoder", json.get("decoder") == null || isByteLevel(json.get("decoder")));
    note(other, "model", isModel(json.get("model"), special));
    note(other, "added_tokens", json.getOrDefault("added_tokens", List.of()) instanceof List);
    if (!other.isEmpty()) {
      throw new ProblemsException(
          ("Cannot use %s: it must be CLIP's tokenizer, as transformers writes it (other: %s);"
                  + " remove it where vocab.json and merges.txt are there")
              .formatted(file, String.join(", ", other)));
    }
    Map<String, Object> model = StrictJson.object(json, "model");
    return new GivenTokenizer(
        Vocabulary.of(
            StrictJson.object(model, "vocab"),
            file.toString(),
            merges((List<?>) model.get("merges")),
            file.toString()),
        (List<?>) json.getOrDefault("added_tokens", List.of()));
  }

  private static void note(List<String> other, String key, boolean isClips) {
    if (!isClips) {
      other.add(key);
    }
  }

  /** NFC, runs of space to one, small letters. */
  private static boolean isNormalizer(Object json) {
    return has(json, "type", "Sequence")
        && json instanceof Map<?, ?> map
        && map.get("normalizers") instanceof List<?> steps
        && steps.size() == 3
        && has(steps.get(0), "type", "NFC")
        && has(steps.get(1), "type", "Replace")
        && has(steps.get(1), "pattern", Map.of("Regex", "\\s+"))
        && has(steps.get(1), "content", " ")
        && has(steps.get(2), "type", "Lowercase");
  }

  private static boolean isPreTokenizer(Object json) {
    return has(json, "type", "Sequence")
        && json instanceof Map<?, ?> map
        && map.get("pretokenizers") instanceof List<?> steps
        && steps.size() == 2
        && has(steps.get(0), "type", "Split")
        && has(steps.get(0), "behavior", "Removed")
        && has(steps.get(0), "invert", true)
        && steps.get(0) instanceof Map<?, ?> split
        && WORDS.stream().anyMatch(words -> has(split, "pattern", Map.of("Regex", words)))
        && isByteLevel(steps.get(1))
        && has(steps.get(1), "add_prefix_space", false);
  }

  /** Older versions of the library have no {@code use_regex}, which is then true. */
  private static boolean isByteLevel(Object json) {
    return has(json, "type", "ByteLevel")
        && (has(json, "use_regex", true) || lacks(json, "use_regex"));
  }

  /** The start before and the end behind; their ids are the vocabulary's. */
  private static boolean isPostProcessor(Object json, SpecialTokens special) {
    return has(json, "type", "RobertaProcessing")
        && json instanceof Map<?, ?> map
        && names(map.get("cls"), special.start())
        && names(map.get("sep"), special.end());
  }

  private static boolean names(Object json, AddedToken token) {
    return json instanceof List<?> pair
        && pair.size() == 2
        && token.content().equals(pair.get(0))
        && pair.get(1) instanceof Integer;
  }

  private static boolean isModel(Object json, SpecialTokens special) {
    return (has(json, "type", "BPE") || lacks(json, "type"))
        && json instanceof Map<?, ?> map
        && map.get("vocab") instanceof Map
        && map.get("merges") instanceof List<?> merges
        && merges.stream().allMatch(GivenTokenizer::isMerge)
        && has(json, "end_of_word_suffix", TokenizerJson.WORD_END)
        && has(json, "unk_token", special.unknown().content())
        && (has(json, "continuing_subword_prefix", "") || lacks(json, "continuing_subword_prefix"))
        && lacksOrFalse(json, "fuse_unk")
        && lacksOrFalse(json, "byte_fallback")
        && lacksOrFalse(json, "ignore_merges")
        && lacks(json, "dropout");
  }

  private static boolean isMerge(Object json) {
    return json instanceof String
        || (json instanceof List<?> pair
            && pair.size() == 2
            && pair.stream().allMatch(String.class::isInstance));
  }

  /** Newer versions of the library write a merge as a list of two. */
  private static List<String> merges(List<?> json) {
    return json.stream()
        .map(merge -> merge instanceof List<?> two ? two.get(0) + " " + two.get(1) : (String) merge)
        .toList();
  }

  private static boolean lacksOrFalse(Object json, String key) {
    return lacks(json, key) || has(json, key, false);
  }

  private static boolean lacks(Object json, String key) {
    return json instanceof Map<?, ?> map && map.get(key) == null;
  }

  private static boolean has(Object json, String key, Object value) {
    return json instanceof Map<?, ?> map && Objects.equals(map.get(key), value);
  }
}
