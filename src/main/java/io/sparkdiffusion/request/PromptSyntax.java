package io.sparkdiffusion.request;

import java.util.List;
import java.util.regex.Pattern;

/** What brackets in a prompt mean. */
public final class PromptSyntax {

  /** Nothing: a prompt is text, of which the text encoder reads 75 tokens. */
  public static final String PLAIN = "plain";

  /** Weights, as {@link WeightedPrompt} reads them, and any length. */
  public static final String A1111 = "a1111";

  static final List<String> WORDS = List.of(PLAIN, A1111);

  private static final Pattern WEIGHTED = Pattern.compile("\\([^()]*:\\s*[+-]?\\d*\\.?\\d+\\s*\\)");

  private PromptSyntax() {}

  /** Whether a text says a weight, {@code (word:1.3)}, which {@link #PLAIN} draws as it stands. */
  public static boolean looksWeighted(String text) {
    return WEIGHTED.matcher(text).find();
  }

  /** The regular expression of that, for a table's cells. */
  public static String weighted() {
    return WEIGHTED.pattern();
  }
}
