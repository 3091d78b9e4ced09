package io.sparkdiffusion.config;

import java.io.Serializable;

/**
 * One thing that is wrong, as one line. The key of a setting stands by itself, since programs have
 * other names for some.
 */
record Problem(String before, String key, String after) implements Serializable {

  /** Of anything but a setting. */
  static Problem line(String text) {
    return new Problem(text, "", "");
  }

  /** That a setting cannot be used or read. */
  static Problem ofSetting(String verb, String key, String rule, String actual) {
    return new Problem("Cannot " + verb + " ", key, ": " + rule + " (" + actual + ")");
  }

  Problem withKey(String other) {
    return new Problem(before, other, after);
  }

  /** The line; what others wrote cannot end it ({@link Shown#line}). */
  @Override
  public String toString() {
    return Shown.line(before + key + after);
  }
}
