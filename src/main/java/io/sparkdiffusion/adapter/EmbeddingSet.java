package io.sparkdiffusion.adapter;

import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.graph.NewRows;
import io.sparkdiffusion.graph.WeightSource;
import java.util.ArrayList;
import java.util.List;

/**
 * Embeddings of textual inversion, each for a token, whose vectors join the text encoder's while
 * these are read.
 *
 * @param all in the order in which their tokens get ids
 */
public record EmbeddingSet(List<Token> all) {

  /** The model as it is. */
  public static final EmbeddingSet NONE = new EmbeddingSet(List.of());

  private static final String TOKENS = "text_model.embeddings.token_embedding.weight";

  /**
   * A token and its vectors.
   *
   * @param name what prompts call it
   */
  public record Token(String name, EmbeddingFile file) {}

  /** Keeps a copy. */
  public EmbeddingSet {
    all = List.copyOf(all);
  }

  /**
   * Compares them with the text encoder.
   *
   * @param width of its tokens' vectors
   * @throws ProblemsException with every one of another width, and which models it is for
   */
  public void requireWidth(long width) {
    Problems problems = new Problems();
    for (Token token : all) {
      long own = token.file().width();
      if (own != width) {
        problems.add(
            "Cannot use embedding %s: it must be for this model, it is for %s (its vectors are %s wide, the model's %s)"
                .formatted(token.file(), AdapterFamily.ofWidth(own), own, width));
      }
    }
    problems.throwIfAny();
  }

  /**
   * The text encoder's weights with them.
   *
   * @param first the id of the first vector
   * @param count how many ids there are then, the model's own among them
   */
  public WeightSource over(WeightSource weights, long first, long count) {
    if (all.isEmpty()) {
      return weights;
    }
    return reader -> {
      weights.forEach(
          (name, stored, shape) -> {
            boolean isTokens = name.equals(TOKENS);
            reader.read(
                name,
                isTokens ? () -> stored.get().with(rows(first)) : stored,
                isTokens ? shape.with(0, count) : shape);
          });
      all.forEach(token -> token.file().requireUnchanged());
    };
  }

  private List<NewRows> rows(long first) {
    List<NewRows> rows = new ArrayList<>();
    long next = first;
    for (Token token : all) {
      rows.add(new NewRows(next, token.file().values()));
      next += token.file().vectors();
    }
    return rows;
  }
}
