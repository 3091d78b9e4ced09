package io.sparkdiffusion.request;

import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * What a value must keep to.
 *
 * @param holds whether it does; the value is null where there is none
 * @param sentence after {@code it must}, as {@code be 0 to 1}
 * @param shown what a message tells of a value that does not
 * @param words the values that are allowed, where they are some words
 */
record Rule<T>(Predicate<T> holds, String sentence, Function<T, Object> shown, List<String> words) {

  private static final String BE = "be ";

  /** A rule in words, whose messages tell the value. */
  static <T> Rule<T> of(String sentence, Predicate<T> holds) {
    return new Rule<>(holds, sentence, value -> value, List.of());
  }

  /** From one whole number to another, both allowed. */
  static Rule<Integer> between(int low, int high) {
    return of("be %s to %s".formatted(low, high), value -> value >= low && value <= high);
  }

  /** A part of a whole. */
  static Rule<Double> share() {
    return of("be 0 to 1", value -> value >= 0 && value <= 1);
  }

  /** Pixels that a UNet can halve: from one multiple of a number to another. */
  static Rule<Integer> multipleOf(int factor, int low, int high) {
    return of(
        "be a multiple of %s from %s to %s".formatted(factor, low, high),
        value -> value >= low && value <= high && value % factor == 0);
  }

  /** One of some words; what is no word may be a prompt in the wrong place and is not told. */
  static Rule<String> oneOf(List<String> words) {
    int last = words.size() - 1;
    String all = "%s or %s".formatted(String.join(", ", words.subList(0, last)), words.get(last));
    return new Rule<>(words::contains, BE + all, Rule::word, words);
  }

  /** At most so many of what is counted, of which the message tells the number. */
  static Rule<String> atMost(int most, String what, Function<String, Integer> count) {
    return new Rule<>(
        value -> count.apply(value) <= most,
        "have at most %s %s".formatted(most, what),
        count::apply,
        List.of());
  }

  /** A path, which may not name a server that anybody on it would be made to call. */
  static Rule<String> noUrl() {
    Pattern url = Pattern.compile("(?i)(https?|ftps?|data|jar|gopher):.*", Pattern.DOTALL);
    return new Rule<>(
        path -> !url.matcher(path).matches(),
        "be a path that Hadoop knows, no URL",
        path -> path.substring(0, path.indexOf(':') + 1) + "…",
        List.of());
  }

  /** A hash, or none. */
  static Rule<String> sha256() {
    return new Rule<>(
        hash -> hash.matches("([0-9a-f]{64})?"),
        "be 64 hex digits in small letters",
        Rule::word,
        List.of());
  }

  /** What the values may be, as a table of settings says it. */
  String range() {
    if (!words.isEmpty()) {
      return String.join(", ", words);
    }
    return sentence.startsWith(BE) ? sentence.substring(BE.length()) : "";
  }

  /** Why a value is none, for the reader of a table. */
  String problem(String parameter, T value) {
    return "Cannot use %s: it must %s (%s)".formatted(parameter, sentence, shown.apply(value));
  }

  /**
   * What looks like a number, a share of a hundred or a word; anything else may be a prompt in the
   * wrong column.
   */
  static String word(String cell) {
    return cell.matches("[\\w.,+-]{0,40}( ?%)?") ? cell : "a text";
  }
}
