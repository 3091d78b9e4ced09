package io.sparkdiffusion.text;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * Placeholders of textual inversion (arXiv 2208.01618) that stand for several tokens: where a text
 * has {@code <toy>} and the tokenizer also {@code <toy>_1} and {@code <toy>_2}, the text gets
 * {@code <toy> <toy>_1 <toy>_2}, as by diffusers
 * (TextualInversionLoaderMixin.maybe_convert_prompt).
 */
final class Placeholders {

  /** By id: the placeholder and all that it stands for. */
  private final Map<Long, String[]> replacements = new LinkedHashMap<>();

  /** Those among a tokenizer's added tokens. */
  Placeholders(Map<Integer, AddedToken> added) {
    Collection<AddedToken> tokens = added.values();
    Set<String> names = tokens.stream().map(AddedToken::content).collect(Collectors.toSet());
    added.forEach(
        (id, token) -> {
          String all = all(token.content(), names);
          if (!all.equals(token.content())) {
            replacements.put((long) id, new String[] {token.content(), all});
          }
        });
  }

  private static String all(String name, Set<String> names) {
    StringBuilder all = new StringBuilder(name);
    for (int i = 1; names.contains(name + "_" + i); i++) {
      all.append(' ').append(name).append('_').append(i);
    }
    return all.toString();
  }

  /**
   * The text with each placeholder that is among its tokens written out.
   *
   * @param ids of the text's tokens
   * @param most characters, behind which the text is cut: its first tokens decide
   */
  String writtenOut(String text, long[] ids, int most) {
    if (replacements.isEmpty()) {
      return text;
    }
    String written = text;
    for (long id : LongStream.of(ids).distinct().toArray()) {
      String[] replacement = replacements.get(id);
      if (replacement != null) {
        written = replaced(written, replacement[0], replacement[1], most);
      }
    }
    return written;
  }

  /** {@link String#replace}, without making more than is kept. */
  private static String replaced(String text, String name, String all, int most) {
    StringBuilder result = new StringBuilder();
    int from = 0;
    for (int at = text.indexOf(name); at >= 0; at = text.indexOf(name, from)) {
      result.append(text, from, at).append(all);
      from = at + name.length();
      if (result.length() > most) {
        return result.substring(0, most);
      }
    }
    return result.append(text, from, text.length()).toString();
  }
}
