package io.sparkdiffusion.config;

import java.io.Serializable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One entry of {@code loras}: a LoRA file and how much of it is added.
 *
 * @param path a local file, any path that Hadoop can read, or {@code ORG/NAME[@REVISION]/FILE} of a
 *     hub
 * @param weight 1 adds what was trained, 0 nothing
 */
public record Lora(String path, double weight) implements Serializable {

  private static final String FILE = ".safetensors";
  private static final Pattern FORM = Pattern.compile("(?s)(.+\\.[A-Za-z]+)(?::([^/:]*))?");

  /** Checks the values. */
  public Lora {
    Problems problems = new Problems();
    problems.require(
        !PathAndWeight.isPickle(path),
        "loras",
        "a LoRA must be a safetensors file, a pickle runs code of whoever made it",
        path);
    problems.require(
        path.endsWith(FILE) || PathAndWeight.isPickle(path),
        "loras",
        "each must be PATH or PATH:WEIGHT of a .safetensors file",
        path);
    PathAndWeight.require(problems, "loras", weight);
    problems.throwIfAny();
  }

  /**
   * Reads {@code PATH[:WEIGHT]}.
   *
   * @throws ProblemsException where it is none
   */
  static Lora parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches() || matcher.group(2) == null) {
      return new Lora(text.strip(), 1);
    }
    return new Lora(matcher.group(1), PathAndWeight.number(matcher.group(2)));
  }

  /** Whether a text is {@code PATH[:WEIGHT]} of some file of weights, usable or not. */
  static boolean namesFile(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    String path = matcher.matches() && matcher.group(2) != null ? matcher.group(1) : text.strip();
    return path.endsWith(FILE) || PathAndWeight.isPickle(path);
  }

  /** The weight as people write it: 0.8, 1. */
  public String writtenWeight() {
    return PathAndWeight.written(weight);
  }

  /** The same weight of another path. */
  public Lora at(String other) {
    return new Lora(other, weight);
  }

  /** As the setting has it. */
  @Override
  public String toString() {
    return PathAndWeight.joined(path, weight);
  }
}
