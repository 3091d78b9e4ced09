package io.sparkdiffusion.sampler;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Collects all that is wrong, so that one failure says everything. */
final class ScheduleProblems {

  private static final int SHOWN = 120;

  private final List<String> lines = new ArrayList<>();

  void add(String format, Object... values) {
    lines.add(String.format(Locale.ROOT, format, values));
  }

  void check(boolean holds, String format, Object... values) {
    if (!holds) {
      add(format, values);
    }
  }

  /** Adds that a setting's value breaks a rule. */
  void addSetting(String key, String rule, Object value) {
    add("Cannot use scheduler setting %s: %s (%s)", key, rule, shown(value));
  }

  /** A value as a message shows it, cut where it is long. */
  static String shown(Object value) {
    String text = String.valueOf(value);
    return text.codePointCount(0, text.length()) <= SHOWN
        ? text
        : text.substring(0, text.offsetByCodePoints(0, SHOWN)) + "…";
  }

  void throwIfAny() {
    if (!lines.isEmpty()) {
      throw new ScheduleException(lines);
    }
  }
}
