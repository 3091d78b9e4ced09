package io.sparkdiffusion.text;

import io.sparkdiffusion.config.ProblemsException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The added tokens of a tokenizer by id: those of {@code tokenizer.json}, of {@code
 * added_tokens_decoder} in {@code tokenizer_config.json} or, from older versions of transformers,
 * of {@code added_tokens.json}, and the special tokens.
 */
final class AddedTokens {

  private final Path folder;
  private final Vocabulary vocabulary;
  private final Map<String, AddedToken> tokens = new LinkedHashMap<>();
  private final Map<String, Integer> ids = new LinkedHashMap<>();

  private AddedTokens(Path folder, Vocabulary vocabulary) {
    this.folder = folder;
    this.vocabulary = vocabulary;
  }

  /**
   * Reads them.
   *
   * @param listed {@code added_tokens} of {@code tokenizer.json}, empty where there is none
   * @throws ProblemsException where an id is not the one that transformers would give
   */
  static NavigableMap<Integer, AddedToken> read(
      Path folder, Vocabulary vocabulary, SpecialTokens special, List<?> listed) {
    AddedTokens added = new AddedTokens(folder, vocabulary);
    listed.forEach(added::addListed);
    added.addOfFolder(special);
    special.named().forEach(added::addSpecial);
    special.additional().stream()
        .filter(token -> vocabulary.id(token.content()).isPresent())
        .forEach(added::addSpecial);
    return added.byId();
  }

  private void addListed(Object json) {
    AddedToken token = AddedToken.listed("added_tokens", json);
    add(token, ((Map<?, ?>) json).get("id"));
  }

  private void addOfFolder(SpecialTokens special) {
    Object decoder =
        SpecialTokens.object(folder.resolve("tokenizer_config.json")).get(SpecialTokens.DECODER);
    if (decoder instanceof Map<?, ?> byId) {
      byId.forEach((id, json) -> add(AddedToken.listed(SpecialTokens.DECODER, json), whole(id)));
    } else {
      SpecialTokens.object(folder.resolve("added_tokens.json"))
          .forEach((content, id) -> add(old(content, special), id));
    }
  }

  private static AddedToken old(String content, SpecialTokens special) {
    boolean isSpecial =
        Stream.concat(special.named().stream(), special.additional().stream())
            .anyMatch(token -> token.content().equals(content));
    return new AddedToken(content, false, false, false, !isSpecial, isSpecial);
  }

  private static Object whole(Object key) {
    try {
      return Integer.valueOf((String) key);
    } catch (NumberFormatException e) {
      return key;
    }
  }

  /** What is said last of a token's options holds. */
  private void add(AddedToken token, Object id) {
    if (!(id instanceof Integer whole)) {
      throw new ProblemsException(
          "Cannot use the added tokens of %s: an id must be a whole number (%s)"
              .formatted(folder, id instanceof Number ? id : "none"));
    }
    tokens.put(token.content(), token);
    ids.put(token.content(), whole);
  }

  /** The padding and the like, where no list has them. */
  private void addSpecial(AddedToken token) {
    if (tokens.putIfAbsent(token.content(), token) == null) {
      ids.put(token.content(), vocabulary.required(token.content()));
    }
  }

  /** In the order in which the tokenizers library gives ids: it counts on by itself. */
  private NavigableMap<Integer, AddedToken> byId() {
    NavigableMap<Integer, AddedToken> byId = new TreeMap<>();
    ids.forEach(
        (content, id) -> {
          requireVocabularys(content, id);
          if (byId.put(id, tokens.get(content)) != null) {
            throw wrong("two tokens must not share an id", Integer.toString(id));
          }
        });
    int next = vocabulary.ids().size();
    for (Map.Entry<Integer, AddedToken> entry : byId.entrySet()) {
      if (vocabulary.id(entry.getValue().content()).isEmpty()) {
        if (entry.getKey() != next || !vocabulary.isDense()) {
          throw wrong(
              "those beyond the vocabulary must have the ids that follow its %s tokens, without a gap"
                  .formatted(vocabulary.ids().size()),
              "%s, %s expected".formatted(entry.getKey(), next));
        }
        next++;
      }
    }
    return Collections.unmodifiableNavigableMap(byId);
  }

  private void requireVocabularys(String content, int id) {
    Optional<Integer> known = vocabulary.id(content);
    if (known.isPresent() && known.get() != id) {
      throw wrong(
          "a token of the vocabulary must keep its id", "%s, %s there".formatted(id, known.get()));
    }
  }

  private ProblemsException wrong(String rule, String actual) {
    return new ProblemsException(
        "Cannot use the added tokens of %s: %s (%s)".formatted(folder, rule, actual));
  }
}
