package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.StrictJson;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A network's {@code config.json} while it is being read. Every key must be taken, required to have
 * a certain value, or named as meaningless; what remains is refused, since it might change the
 * result. Problems are collected and thrown together by {@link #finish}.
 */
public final class ComponentConfig {

  private final Path file;
  private final Map<String, Object> values;
  private final Set<String> known = new HashSet<>();
  private final List<String> problems = new ArrayList<>();

  private ComponentConfig(Path file, Map<String, Object> values) {
    this.file = file;
    this.values = values;
  }

  /**
   * Reads a file.
   *
   * @throws ProblemsException where it is missing or not one JSON object
   */
  public static ComponentConfig read(Path file) {
    return new ComponentConfig(file, StrictJson.read(file));
  }

  /** A positive whole number. */
  public long size(String key) {
    return taken(key) instanceof Number number && isSize(number)
        ? number.longValue()
        : wrong(key, "must be a positive whole number", 1L);
  }

  /** A positive whole number, or the given one where the key is absent or null. */
  public long size(String key, long fallback) {
    return has(key) ? size(key) : fallback;
  }

  /** A number, or the given one where the key is absent or null. */
  public double number(String key, double fallback) {
    if (!has(key)) {
      return fallback;
    }
    return taken(key) instanceof Number number
        ? number.doubleValue()
        : wrong(key, "must be a number", fallback);
  }

  /** A truth value, or the given one where the key is absent or null. */
  public boolean flag(String key, boolean fallback) {
    if (!has(key)) {
      return fallback;
    }
    return taken(key) instanceof Boolean flag
        ? flag
        : wrong(key, "must be true or false", fallback);
  }

  /** One of the allowed texts; the first where the key is absent or null. */
  public String choice(String key, String... allowed) {
    if (!has(key)) {
      return allowed[0];
    }
    return taken(key) instanceof String text && List.of(allowed).contains(text)
        ? text
        : wrong(key, "must be one of " + String.join(", ", allowed), allowed[0]);
  }

  /** A list of positive whole numbers. */
  public List<Long> sizes(String key) {
    return taken(key) instanceof List<?> list
            && !list.isEmpty()
            && list.stream().allMatch(item -> item instanceof Number number && isSize(number))
        ? list.stream().map(item -> ((Number) item).longValue()).toList()
        : wrong(key, "must be a list of positive whole numbers", List.of(1L));
  }

  /** A list of the given length, or one number that stands for each of its places. */
  public List<Long> sizes(String key, int length) {
    List<Long> sizes =
        taken(key) instanceof Number
            ? java.util.Collections.nCopies(length, size(key))
            : sizes(key);
    return sizes.size() == length
        ? sizes
        : wrong(
            key,
            "must have %d entries, one for each block".formatted(length),
            java.util.Collections.nCopies(length, 1L));
  }

  /** A list of names out of the allowed ones. */
  public List<String> choices(String key, List<String> allowed) {
    return taken(key) instanceof List<?> list && !list.isEmpty() && allowed.containsAll(list)
        ? list.stream().map(String.class::cast).toList()
        : wrong(key, "each entry must be one of " + String.join(", ", allowed), List.of());
  }

  /** Keys that must be absent, null, or have this value: with any other the result would change. */
  public ComponentConfig only(Object value, String... keys) {
    for (String key : keys) {
      if (has(key) && !same(taken(key), value)) {
        wrong(key, "only %s is supported".formatted(value), "");
      }
    }
    return this;
  }

  /** Keys that must be absent or null. */
  public ComponentConfig absent(String... keys) {
    for (String key : keys) {
      if (has(key)) {
        wrong(key, "it is not supported and would change the result", "");
      }
    }
    return this;
  }

  /** Keys that do not matter for inference. */
  public ComponentConfig ignore(String... keys) {
    known.addAll(List.of(keys));
    return this;
  }

  /** Adds a problem where a rule that spans several keys is broken. */
  public void require(boolean holds, String key, String rule) {
    if (!holds) {
      wrong(key, rule, "");
    }
  }

  /**
   * Ends the reading.
   *
   * @throws ProblemsException with all problems, unknown keys among them
   */
  public void finish() {
    values.keySet().stream()
        .filter(key -> !known.contains(key) && !key.startsWith("_"))
        .filter(this::has)
        .sorted()
        .toList()
        .forEach(key -> wrong(key, "the key is unknown and might change the result", ""));
    if (!problems.isEmpty()) {
      throw new ProblemsException(problems);
    }
  }

  private boolean has(String key) {
    known.add(key);
    return values.get(key) != null;
  }

  private Object taken(String key) {
    known.add(key);
    Object value = values.get(key);
    return value == null ? "absent" : value;
  }

  private <T> T wrong(String key, String rule, T fallback) {
    known.add(key);
    problems.add(
        "Cannot use %s of %s: %s (%s)"
            .formatted(key, file, rule, values.getOrDefault(key, "absent")));
    return fallback;
  }

  private static boolean isSize(Number number) {
    return number.doubleValue() == number.longValue()
        && number.longValue() > 0
        && number.longValue() <= Integer.MAX_VALUE;
  }

  private static boolean same(Object actual, Object value) {
    return (actual instanceof Number left && value instanceof Number right)
        ? left.doubleValue() == right.doubleValue()
        : actual.equals(value);
  }
}
