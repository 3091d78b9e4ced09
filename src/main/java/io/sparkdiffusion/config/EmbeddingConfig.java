package io.sparkdiffusion.config;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Which embeddings of textual inversion join the text encoder's.
 *
 * @param all in the order in which their tokens are added
 */
public record EmbeddingConfig(List<Embedding> all) implements Serializable {

  /** The model as it is. */
  public static final EmbeddingConfig NONE = new EmbeddingConfig(List.of());

  /** Keeps a copy. */
  public EmbeddingConfig {
    all = new ArrayList<>(all);
  }

  /**
   * Reads entries {@code PATH[:TOKEN]}.
   *
   * @throws ProblemsException with every one that is none
   */
  public static EmbeddingConfig parse(List<String> entries) {
    Problems problems = new Problems();
    List<Embedding> embeddings = new ArrayList<>();
    entries.forEach(
        text -> problems.gather(() -> Embedding.parse(text)).ifPresent(embeddings::add));
    problems.throwIfAny();
    return new EmbeddingConfig(embeddings);
  }

  /** As the setting has them. */
  @Override
  public String toString() {
    return all.stream().map(Embedding::toString).collect(Collectors.joining(","));
  }
}
