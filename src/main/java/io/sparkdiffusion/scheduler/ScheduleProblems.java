package io.sparkdiffusion.scheduler;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Collects all that is wrong, so that one failure says everything. */
final class ScheduleProblems {

  private final List<String> lines = new ArrayList<>();

  void add(String format, Object... values) {
    lines.add(String.format(Locale.ROOT, format, values));
  }

  void check(boolean holds, String format, Object... values) {
    if (!holds) {
      add(format, values);
    }
  }

  void throwIfAny() {
    if (!lines.isEmpty()) {
      throw new ScheduleException(lines);
    }
  }
}
