package io.sparkdiffusion.text;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import java.util.Map;

/**
 * A token that is found as a whole before a text is split, with the options that the tokenizers
 * library knows.
 *
 * @param singleWord only between other characters than letters and digits
 * @param leftStrip takes the spaces before it along
 * @param rightStrip takes the spaces behind it along
 * @param normalized found in the text after its normalization, in small letters, not as it stands
 * @param special stands for no text
 */
record AddedToken(
    String content,
    boolean singleWord,
    boolean leftStrip,
    boolean rightStrip,
    boolean normalized,
    boolean special) {

  /** More characters than the name of any placeholder has. */
  private static final int LONGEST = 1000;

  /**
   * Keeps to what the tokenizers library can match.
   *
   * @throws ProblemsException where it cannot
   */
  AddedToken {
    if (content.isEmpty() || content.length() > LONGEST) {
      throw new ProblemsException(
          "Cannot use an added token of the tokenizer: it must have 1 to %s characters (%s)"
              .formatted(LONGEST, content.length()));
    }
  }

  /** A special token of which only the text is given. */
  static AddedToken special(String content) {
    return new AddedToken(content, false, false, false, false, true);
  }

  /** A token of textual inversion, found as it is written. */
  static AddedToken placeholder(String content) {
    return new AddedToken(content, false, false, false, false, false);
  }

  /**
   * A special token as {@code special_tokens_map.json} and {@code tokenizer_config.json} have it: a
   * text, or the text with its options.
   */
  static AddedToken special(String key, Object json) {
    if (json instanceof String content) {
      return special(content);
    }
    if (json instanceof Map<?, ?> map && map.get("content") instanceof String) {
      return of(map, true);
    }
    throw new ProblemsException(
        "Cannot read %s of the tokenizer: it must be a text or an added token (%s)"
            .formatted(key, Shown.value(json)));
  }

  /**
   * An entry of a list of added tokens.
   *
   * @param key what problems call it
   */
  static AddedToken listed(String key, Object json) {
    if (json instanceof Map<?, ?> map && map.get("content") instanceof String) {
      return of(map, isSet(map, "special"));
    }
    throw new ProblemsException(
        "Cannot read %s of the tokenizer: it must be an added token with its content (another kind)"
            .formatted(key));
  }

  private static AddedToken of(Map<?, ?> map, boolean special) {
    return new AddedToken(
        (String) map.get("content"),
        isSet(map, "single_word"),
        isSet(map, "lstrip"),
        isSet(map, "rstrip"),
        isSet(map, "normalized"),
        special);
  }

  private static boolean isSet(Map<?, ?> map, String key) {
    return Boolean.TRUE.equals(map.get(key));
  }
}
