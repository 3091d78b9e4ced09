package io.sparkdiffusion.text;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.SmallFile;
import io.sparkdiffusion.config.StrictJson;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The tokens of byte-level BPE and how they are put together, checked: native code reads them, and
 * what it does not expect there ends the JVM.
 *
 * @param name of its file
 * @param ids each token's
 * @param merges two tokens each, with a space between, the first to be done first
 */
record Vocabulary(String name, Map<String, Integer> ids, List<String> merges) {

  /** Above any vocabulary, so that ids beyond it are mistakes. */
  private static final int MOST_IDS = 1 << 24;

  /**
   * Checks what a file says.
   *
   * @param name of the vocabulary's file
   * @param mergesName of the merges' file
   * @throws ProblemsException that names what cannot be used
   */
  static Vocabulary of(
      Map<String, Object> json, String name, List<String> merges, String mergesName) {
    Vocabulary vocabulary = new Vocabulary(name, ids(json, name), merges);
    vocabulary.checkMerges(mergesName);
    return vocabulary;
  }

  /** Of a folder with {@code vocab.json} and {@code merges.txt}. */
  static Vocabulary read(Path folder) {
    Path vocabulary = folder.resolve("vocab.json");
    Path merges = folder.resolve("merges.txt");
    List<String> lines =
        SmallFile.text(merges, SmallFile.VOCABULARY_BYTES)
            .lines()
            .filter(line -> !line.startsWith("#version") && !line.isBlank())
            .toList();
    return of(
        StrictJson.read(vocabulary, SmallFile.VOCABULARY_BYTES),
        vocabulary.toString(),
        lines,
        merges.toString());
  }

  private static Map<String, Integer> ids(Map<String, Object> json, String name) {
    Map<String, Integer> ids = new LinkedHashMap<>();
    BitSet taken = new BitSet();
    json.forEach(
        (token, value) -> {
          if (!(value instanceof Integer id) || id < 0 || id >= MOST_IDS || taken.get(id)) {
            throw new ProblemsException(
                "Cannot use %s: every token must have an id of its own from 0 to %s (entry %s has %s)"
                    .formatted(name, MOST_IDS - 1, ids.size() + 1, shown(value)));
          }
          taken.set(id);
          ids.put(token, id);
        });
    return ids;
  }

  private static String shown(Object value) {
    return value instanceof Number ? value.toString() : "none";
  }

  private void checkMerges(String name) {
    IntStream.range(0, merges.size())
        .filter(i -> !fits(merges.get(i)))
        .findFirst()
        .ifPresent(
            i -> {
              throw new ProblemsException(
                  ("Cannot use %s: every merge must join two tokens of the vocabulary to a third"
                          + " (merge %s of %s does not)")
                      .formatted(name, i + 1, merges.size()));
            });
  }

  private boolean fits(String merge) {
    int space = merge.indexOf(' ');
    return space > 0
        && merge.indexOf(' ', space + 1) < 0
        && ids.containsKey(merge.substring(0, space))
        && ids.containsKey(merge.substring(space + 1))
        && ids.containsKey(merge.substring(0, space) + merge.substring(space + 1));
  }

  /** Whether the ids are 0, 1, 2 and so on: the library counts on from their number. */
  boolean isDense() {
    return ids.values().stream().allMatch(id -> id < ids.size());
  }

  /**
   * The id of a token that must be there.
   *
   * @throws ProblemsException where it is not
   */
  int required(String token) {
    return id(token)
        .orElseThrow(
            () ->
                new ProblemsException(
                    "Cannot use %s: it must hold the special token %s (missing)"
                        .formatted(name, token)));
  }

  Optional<Integer> id(String token) {
    return Optional.ofNullable(ids.get(token));
  }
}
