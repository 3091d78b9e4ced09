package io.sparkdiffusion.config;

import java.io.File;
import java.io.Serializable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One entry of {@code controlnets}: a ControlNet's folder and how much it has to say.
 *
 * @param path a local folder, the same on every machine, any path that Hadoop can read, or {@code
 *     ORG/NAME[@REVISION]} of a hub
 * @param weight by which what it says is multiplied, beside each image's scale
 */
public record ControlNetFolder(String path, double weight) implements Serializable {

  private static final Pattern FORM = Pattern.compile("(?s)(.+):(-?[\\d.]+(?:[eE]-?\\d+)?)");

  /** Checks the values. */
  public ControlNetFolder {
    Problems problems = new Problems();
    problems.require(
        !PathAndWeight.isPickle(path),
        "controlnets",
        "a ControlNet must be a folder with safetensors, a pickle runs code of whoever made it",
        path);
    problems.require(!path.isEmpty(), "controlnets", "each must be PATH or PATH:WEIGHT", "no path");
    PathAndWeight.require(problems, "controlnets", weight);
    problems.throwIfAny();
  }

  /**
   * Reads {@code PATH[:WEIGHT]}; what follows a colon and is no number belongs to the path, unless
   * a folder of this machine ends before it.
   *
   * @throws ProblemsException where it is none
   */
  static ControlNetFolder parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (matcher.matches()) {
      return new ControlNetFolder(matcher.group(1), PathAndWeight.number(matcher.group(2)));
    }
    requireNoWord(text.strip());
    return new ControlNetFolder(text.strip(), 1);
  }

  private static void requireNoWord(String text) {
    int colon = text.lastIndexOf(':');
    boolean isOfFolder =
        colon > 0 && new File(text.substring(0, colon)).isDirectory() && !new File(text).exists();
    Problems problems = new Problems();
    problems.require(
        !isOfFolder, "controlnets", PathAndWeight.RULE, Shown.text(text.substring(colon + 1)));
    problems.throwIfAny();
  }

  /** The weight as people write it: 0.8, 1. */
  public String writtenWeight() {
    return PathAndWeight.written(weight);
  }

  /** The same weight of another path. */
  public ControlNetFolder at(String other) {
    return new ControlNetFolder(other, weight);
  }

  /** As the setting has it. */
  @Override
  public String toString() {
    return PathAndWeight.joined(path, weight);
  }
}
