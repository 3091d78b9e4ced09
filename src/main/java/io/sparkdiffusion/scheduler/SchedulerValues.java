package io.sparkdiffusion.scheduler;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Typed reading of a scheduler's settings; a value that does not fit becomes a problem. */
final class SchedulerValues {

  private static final int SHOWN = 120;

  private final Map<String, Object> values;
  private final ScheduleProblems problems;

  SchedulerValues(Map<String, Object> values, ScheduleProblems problems) {
    this.values = new TreeMap<>(values);
    this.problems = problems;
  }

  double number(String key, double whenAbsent) {
    Object value = values.getOrDefault(key, whenAbsent);
    if (value instanceof Number number && Double.isFinite(number.doubleValue())) {
      return number.doubleValue();
    }
    problems.add("Cannot use scheduler setting %s: it must be a number (%s)", key, shown(value));
    return whenAbsent;
  }

  int wholeNumber(String key, int whenAbsent) {
    Object value = values.getOrDefault(key, whenAbsent);
    if (value instanceof Number number && number.doubleValue() == number.intValue()) {
      return number.intValue();
    }
    problems.add(
        "Cannot use scheduler setting %s: it must be a whole number (%s)", key, shown(value));
    return whenAbsent;
  }

  boolean flag(String key, boolean whenAbsent) {
    Object value = values.getOrDefault(key, whenAbsent);
    if (value instanceof Boolean flag) {
      return flag;
    }
    problems.add(
        "Cannot use scheduler setting %s: it must be true or false (%s)", key, shown(value));
    return whenAbsent;
  }

  <E extends Enum<E>> E choice(String key, E whenAbsent) {
    E[] choices = whenAbsent.getDeclaringClass().getEnumConstants();
    Object value = values.getOrDefault(key, text(whenAbsent));
    for (E choice : choices) {
      if (text(choice).equals(value)) {
        return choice;
      }
    }
    String known =
        Arrays.stream(choices).map(SchedulerValues::text).collect(Collectors.joining(", "));
    problems.add(
        "Cannot use scheduler setting %s: it must be one of %s (%s)", key, known, shown(value));
    return whenAbsent;
  }

  /** For a setting that has one supported value. */
  void only(String key, Object supported) {
    Object value = values.getOrDefault(key, supported);
    problems.check(
        supported.equals(value),
        "Cannot use scheduler setting %s: only %s is supported (%s)",
        key,
        supported,
        shown(value));
  }

  /** A value as a message shows it, cut where it is long. */
  static String shown(Object value) {
    String text = String.valueOf(value);
    return text.codePointCount(0, text.length()) <= SHOWN
        ? text
        : text.substring(0, text.offsetByCodePoints(0, SHOWN)) + "…";
  }

  /** The name that diffusers has for a choice. */
  static String text(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT);
  }
}
