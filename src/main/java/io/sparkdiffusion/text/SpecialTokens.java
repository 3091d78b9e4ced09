package io.sparkdiffusion.text;

import io.sparkdiffusion.config.StrictJson;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The tokens that stand for start, end, padding and the unknown. {@code special_tokens_map.json}
 * wins over {@code tokenizer_config.json}, unless that lists all added tokens: as in transformers
 * (PreTrainedTokenizerBase._from_pretrained).
 *
 * @param additional more of them, which are only matched
 */
record SpecialTokens(
    AddedToken start,
    AddedToken end,
    AddedToken unknown,
    AddedToken padding,
    List<AddedToken> additional) {

  /** Where newer versions of transformers list all added tokens by id. */
  static final String DECODER = "added_tokens_decoder";

  private static final String START = "<|startoftext|>";
  private static final String END = "<|endoftext|>";
  private static final String ADDITIONAL = "additional_special_tokens";

  /** Reads a tokenizer's folder. */
  static SpecialTokens read(Path folder) {
    Map<String, Object> config = object(folder.resolve("tokenizer_config.json"));
    List<Map<String, Object>> files =
        config.get(DECODER) == null
            ? List.of(object(folder.resolve("special_tokens_map.json")), config)
            : List.of(config);
    return new SpecialTokens(
        token(files, "bos_token", START),
        token(files, "eos_token", END),
        token(files, "unk_token", END),
        token(files, "pad_token", END),
        additional(files));
  }

  /** Those with a meaning. */
  List<AddedToken> named() {
    return List.of(start, end, unknown, padding);
  }

  /** A file's keys, none where there is no such file. */
  static Map<String, Object> object(Path file) {
    return Files.exists(file) ? StrictJson.read(file) : Map.of();
  }

  private static AddedToken token(List<Map<String, Object>> files, String key, String fallback) {
    return given(files, key)
        .findFirst()
        .map(json -> AddedToken.special(key, json))
        .orElseGet(() -> AddedToken.special(fallback));
  }

  private static List<AddedToken> additional(List<Map<String, Object>> files) {
    return given(files, ADDITIONAL)
        .filter(List.class::isInstance)
        .flatMap(json -> ((List<?>) json).stream())
        .map(json -> AddedToken.special(ADDITIONAL, json))
        .distinct()
        .toList();
  }

  private static Stream<Object> given(List<Map<String, Object>> files, String key) {
    return files.stream().map(file -> file.get(key)).filter(Objects::nonNull);
  }
}
