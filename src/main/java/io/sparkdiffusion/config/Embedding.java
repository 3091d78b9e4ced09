package io.sparkdiffusion.config;

import java.io.Serializable;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One entry of {@code embeddings}: a file of textual inversion and what prompts call it.
 *
 * @param path a local file, any path that Hadoop can read, or {@code ORG/NAME[@REVISION]/FILE} of a
 *     hub
 * @param token empty for the one that the file says
 */
public record Embedding(String path, String token) implements Serializable {

  private static final int LONGEST = 200;
  private static final String FILE = ".safetensors";
  private static final Pattern FORM = Pattern.compile("(?s)(.+?\\.[A-Za-z]+)(?::([^/]*))?");

  /** Checks the values. */
  public Embedding {
    Problems problems = new Problems();
    boolean isPickle = PathAndWeight.isPickle(path);
    problems.require(
        !isPickle,
        "embeddings",
        "an embedding must be a safetensors file, a pickle runs code of whoever made it",
        path);
    problems.require(
        path.endsWith(FILE) || isPickle,
        "embeddings",
        "each must be PATH or PATH:TOKEN of a .safetensors file",
        path);
    tokenProblem(token)
        .ifPresent(rule -> problems.require(false, "embeddings", "a token must " + rule, token));
    problems.throwIfAny();
  }

  /**
   * Reads {@code PATH[:TOKEN]}.
   *
   * @throws ProblemsException where it is none
   */
  static Embedding parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches() || matcher.group(2) == null) {
      return new Embedding(text.strip(), "");
    }
    return new Embedding(matcher.group(1), matcher.group(2).strip());
  }

  /** What is wrong with a token, wherever it comes from; nothing with an empty one. */
  private static Optional<String> tokenProblem(String token) {
    if (token.length() > LONGEST) {
      return Optional.of("have at most %s characters".formatted(LONGEST));
    }
    return token.codePoints().anyMatch(c -> Shown.isHidden(c) || c == ',')
        ? Optional.of("have visible characters, spaces and no comma")
        : Optional.empty();
  }

  /**
   * The same of another path and with the token that prompts call it.
   *
   * @throws ProblemsException where the token is none
   */
  public Embedding at(String other, String called) {
    if (called.isBlank()) {
      throw new ProblemsException(
          "Cannot use embedding %s: it must have a token, embeddings=PATH:TOKEN gives it one (none)"
              .formatted(Shown.text(path)));
    }
    return new Embedding(other, called);
  }

  /** As the setting has it. */
  @Override
  public String toString() {
    return token.isEmpty() ? path : path + ":" + token;
  }
}
