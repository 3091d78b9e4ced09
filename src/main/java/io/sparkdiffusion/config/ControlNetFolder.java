package io.sparkdiffusion.config;

import java.io.Serializable;
import java.math.BigDecimal;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One entry of {@code controlnets}: a ControlNet's folder and how much it has to say.
 *
 * @param path a local folder, the same on every machine
 * @param weight by which what it says is multiplied, beside each image's scale
 */
public record ControlNetFolder(String path, double weight) implements Serializable {

  private static final double MOST = 100;
  private static final Pattern FORM = Pattern.compile("(?s)(.+):(-?[\\d.]+(?:[eE]-?\\d+)?)");
  private static final Pattern PICKLE = Pattern.compile("(?s).*\\.(bin|pt|pth|ckpt|pkl)");

  /** Checks the values. */
  public ControlNetFolder {
    Problems problems = new Problems();
    problems.require(
        !PICKLE.matcher(path).matches(),
        "controlnets",
        "a ControlNet must be a folder with safetensors, a pickle runs code of whoever made it",
        path);
    problems.require(!path.isEmpty(), "controlnets", "each must be PATH or PATH:WEIGHT", "no path");
    problems.require(
        Math.abs(weight) <= MOST,
        "controlnets",
        "a weight must be a number from -100 to 100",
        weight);
    problems.throwIfAny();
  }

  /**
   * Reads {@code PATH[:WEIGHT]}; what follows a colon and is no number belongs to the path.
   *
   * @throws ProblemsException where it is none
   */
  static ControlNetFolder parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    return matcher.matches()
        ? new ControlNetFolder(matcher.group(1), number(matcher.group(2)))
        : new ControlNetFolder(text.strip(), 1);
  }

  private static double number(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }

  /** The weight as people write it: 0.8, 1. */
  public String writtenWeight() {
    return weight == 0 ? "0" : BigDecimal.valueOf(weight).stripTrailingZeros().toPlainString();
  }

  /** As the setting has it. */
  @Override
  public String toString() {
    return weight == 1 ? path : path + ":" + writtenWeight();
  }
}
