package io.sparkdiffusion.config;

import java.math.BigDecimal;
import java.util.regex.Pattern;

/** What the entries of settings that name files have in common: paths, and weights of some. */
final class PathAndWeight {

  /** What a weight must be. */
  static final String RULE = "a weight must be a number from -100 to 100";

  private static final double MOST = 100;
  private static final Pattern PICKLE = Pattern.compile("(?s).*\\.(bin|pt|pth|ckpt|pkl)");

  private PathAndWeight() {}

  /** Whether a path is that of a file that can run code. */
  static boolean isPickle(String path) {
    return PICKLE.matcher(path).matches();
  }

  static void require(Problems problems, String key, double weight) {
    problems.require(Math.abs(weight) <= MOST, key, RULE, weight);
  }

  /** What a text says, NaN where it is no number. */
  static double number(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }

  /** A weight as people write it: 0.8, 1. */
  static String written(double weight) {
    return weight == 0 ? "0" : BigDecimal.valueOf(weight).stripTrailingZeros().toPlainString();
  }

  /** As a setting has it. */
  static String joined(String path, double weight) {
    return weight == 1 ? path : path + ":" + written(weight);
  }
}
