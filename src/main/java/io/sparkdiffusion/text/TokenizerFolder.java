package io.sparkdiffusion.text;

import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a tokenizer's folder says.
 *
 * @param added tokens that are found before a text is split, by id
 */
record TokenizerFolder(
    Path path,
    Vocabulary vocabulary,
    SpecialTokens special,
    NavigableMap<Integer, AddedToken> added) {

  /** Reads {@code tokenizer.json}, or {@code vocab.json} and {@code merges.txt}. */
  static TokenizerFolder read(Path path) {
    SpecialTokens special = SpecialTokens.read(path);
    Path file = path.resolve("tokenizer.json");
    GivenTokenizer given =
        Files.exists(file)
            ? GivenTokenizer.read(file, special)
            : new GivenTokenizer(Vocabulary.read(path), List.of());
    Vocabulary vocabulary = given.vocabulary();
    return new TokenizerFolder(
        path, vocabulary, special, AddedTokens.read(path, vocabulary, special, given.added()));
  }

  /** The largest id. */
  int largest() {
    return Math.max(Collections.max(vocabulary.ids().values()), added.lastKey());
  }

  /**
   * The same with tokens behind all others, each found as it is written, as by diffusers
   * (load_textual_inversion) with transformers' CLIPTokenizer.
   *
   * @throws ProblemsException with every one that is there already
   */
  TokenizerFolder with(List<NewToken> tokens) {
    if (!tokens.isEmpty() && !vocabulary.isDense()) {
      throw new ProblemsException(
          "Cannot add tokens to the tokenizer of %s: its ids must be 0, 1, 2 and so on (%s ids, the largest %s)"
              .formatted(path, vocabulary.ids().size(), largest()));
    }
    Problems problems = new Problems();
    NavigableMap<Integer, AddedToken> all = new TreeMap<>(added);
    Set<String> known = new HashSet<>(vocabulary.ids().keySet());
    added.values().forEach(token -> known.add(token.content()));
    int next = largest() + 1;
    for (NewToken token : tokens) {
      Optional<String> there = token.claimed().filter(known::contains).findFirst();
      there.ifPresent(name -> problems.add(taken(token, name)));
      if (there.isEmpty()) {
        for (String name : token.all()) {
          all.put(next++, AddedToken.placeholder(name));
          known.add(name);
        }
      }
    }
    problems.throwIfAny();
    return new TokenizerFolder(path, vocabulary, special, all);
  }

  private static String taken(NewToken token, String there) {
    return "Cannot add token %s: it must be new to the tokenizer, embeddings=PATH:TOKEN gives it another name (%s is there)"
        .formatted(Shown.text(token.name()), Shown.text(there));
  }
}
