package io.sparkdiffusion.torch;

import java.util.List;
import java.util.Optional;

/**
 * What libtorch said of a failure: many lines, with a traceback of the script before what matters
 * and one of C++ behind it.
 */
record TorchMessage(String text) {

  private static final String KIND = "RuntimeError: ";

  static TorchMessage of(Throwable failure) {
    return new TorchMessage(String.valueOf(failure.getMessage()));
  }

  /** The first line that holds one of these. */
  Optional<String> lineWithAny(List<String> signs) {
    return text.lines()
        .filter(line -> signs.stream().anyMatch(line::contains))
        .map(line -> line.strip())
        .map(line -> line.startsWith(KIND) ? line.substring(KIND.length()) : line)
        .findFirst();
  }
}
