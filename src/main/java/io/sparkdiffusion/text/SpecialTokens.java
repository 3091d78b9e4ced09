package io.sparkdiffusion.text;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.StrictJson;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The tokens that stand for start, end, padding and the unknown. {@code special_tokens_map.json}
 * wins over {@code tokenizer_config.json}, as in transformers.
 */
record SpecialTokens(Token start, Token end, Token unknown, Token padding) {

  private static final String START = "<|startoftext|>";
  private static final String END = "<|endoftext|>";

  /** One added token, with the options that the tokenizers library knows. */
  record Token(
      String content,
      boolean singleWord,
      boolean leftStrip,
      boolean rightStrip,
      boolean normalized) {

    private static Token of(String key, Object json) {
      if (json instanceof String content) {
        return new Token(content, false, false, false, false);
      }
      if (json instanceof Map<?, ?> map && map.get("content") instanceof String content) {
        return new Token(
            content,
            Boolean.TRUE.equals(map.get("single_word")),
            Boolean.TRUE.equals(map.get("lstrip")),
            Boolean.TRUE.equals(map.get("rstrip")),
            Boolean.TRUE.equals(map.get("normalized")));
      }
      throw new ProblemsException(
          "Cannot read %s of the tokenizer: it must be a text or an added token (%s)"
              .formatted(key, Shown.value(json)));
    }
  }

  /** Reads a tokenizer's folder. */
  static SpecialTokens read(Path folder) {
    return new SpecialTokens(
        token(folder, "bos_token", START),
        token(folder, "eos_token", END),
        token(folder, "unk_token", END),
        token(folder, "pad_token", END));
  }

  private static Token token(Path folder, String key, String fallback) {
    return Stream.of("special_tokens_map.json", "tokenizer_config.json")
        .map(folder::resolve)
        .filter(Files::isRegularFile)
        .map(StrictJson::read)
        .filter(json -> json.get(key) != null)
        .findFirst()
        .map(json -> Token.of(key, json.get(key)))
        .orElseGet(() -> Token.of(key, fallback));
  }
}
