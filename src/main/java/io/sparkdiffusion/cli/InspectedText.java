package io.sparkdiffusion.cli;

import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.metadata.GenerationParameters;
import java.util.ArrayList;
import java.util.List;

/**
 * The {@code parameters} text of an image as a terminal may show it: a line for the prompt, one for
 * what to avoid and one for the settings, whatever breaks of lines a stranger has put into them.
 */
final class InspectedText {

  private static final String NEGATIVE = "\nNegative prompt: ";

  private InspectedText() {}

  static List<String> lines(String parameters) {
    List<String> lines = new ArrayList<>();
    int end = parameters.lastIndexOf('\n');
    String texts = parameters.substring(0, Math.max(end, 0));
    int negative = ("\n" + texts).indexOf(NEGATIVE);
    if (negative > 0) {
      lines.add(texts.substring(0, negative - 1));
    }
    if (end >= 0) {
      lines.add(texts.substring(Math.max(negative, 0)));
    }
    lines.add(parameters.substring(end + 1));
    return lines.stream().map(Shown::line).toList();
  }

  /** Whether it is of an image whose prompts were embeddings; another program's text is not. */
  static boolean isOfEmbeds(String parameters) {
    try {
      return GenerationParameters.isOfEmbeds(parameters);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
