package io.sparkdiffusion.text;

import java.nio.file.Path;
import java.util.List;

/** The {@code tokenizer.json} of a folder that has none. */
final class BuiltTokenizer {

  private BuiltTokenizer() {}

  static String json(Path folder) {
    SpecialTokens special = SpecialTokens.read(folder);
    Vocabulary vocabulary = Vocabulary.read(folder);
    return TokenizerJson.of(
        vocabulary, special, AddedTokens.read(folder, vocabulary, special, List.of()));
  }
}
