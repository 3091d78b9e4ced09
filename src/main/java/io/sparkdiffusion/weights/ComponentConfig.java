package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.StrictJson;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A network's {@code config.json} while it is being read. Every key must be taken, required to have
 * a certain value, or named as meaningless; what remains is refused, since it might change the
 * result. Problems are collected, one for each key, and thrown together by {@link #finish}.
 */
public final class ComponentConfig {

  /** More than any network has: a wrong number must not be recorded without end. */
  private static final int MOST_PARTS = 100;

  private static final int MOST_LEVELS = 10;

  /** More unknown keys than these have one cause: the file is another kind of network's. */
  private static final int MOST_TOLD = 5;

  private static final String SIZE = "it must be a whole number from 1 to " + Integer.MAX_VALUE;
  private static final String SIZES =
      "it must be a list of 1 to %s whole numbers from 1 to %s"
          .formatted(MOST_LEVELS, Integer.MAX_VALUE);

  private final Path file;
  private final Map<String, Object> values;
  private final Set<String> known = new HashSet<>();
  private final Map<String, String> problems = new LinkedHashMap<>();

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

  /** A positive whole number; several that are equal are one, as a side for height and width. */
  public long size(String key) {
    return single(key) instanceof Number number && isSize(number)
        ? number.longValue()
        : wrong(key, SIZE, 1L);
  }

  /** A positive whole number, or the given one where the key is absent or null. */
  public long size(String key, long fallback) {
    return has(key) ? size(key) : fallback;
  }

  /** How many parts, such as layers, the network has: 1 to 100. */
  public int count(String key) {
    return single(key) instanceof Number number
            && isSize(number)
            && number.longValue() <= MOST_PARTS
        ? number.intValue()
        : wrong(key, "it must be a whole number from 1 to " + MOST_PARTS, 1);
  }

  /** How many parts, or the given number where the key is absent or null. */
  public int count(String key, int fallback) {
    return has(key) ? count(key) : fallback;
  }

  /** A number, or the given one where the key is absent or null. */
  public double number(String key, double fallback) {
    if (!has(key)) {
      return fallback;
    }
    return taken(key) instanceof Number number && Double.isFinite(number.doubleValue())
        ? number.doubleValue()
        : wrong(key, "it must be a number", fallback);
  }

  /** A number above zero, or the given one where the key is absent or null. */
  public double positive(String key, double fallback) {
    if (!has(key)) {
      return fallback;
    }
    return taken(key) instanceof Number number
            && number.doubleValue() > 0
            && Double.isFinite(number.doubleValue())
        ? number.doubleValue()
        : wrong(key, "it must be a number above 0", fallback);
  }

  /** A truth value, or the given one where the key is absent or null. */
  public boolean flag(String key, boolean fallback) {
    if (!has(key)) {
      return fallback;
    }
    return taken(key) instanceof Boolean flag
        ? flag
        : wrong(key, "it must be true or false", fallback);
  }

  /** One of the allowed texts; the first where the key is absent or null. */
  public String choice(String key, String... allowed) {
    if (!has(key)) {
      return allowed[0];
    }
    return taken(key) instanceof String text && List.of(allowed).contains(text)
        ? text
        : wrong(key, "it must be one of " + String.join(", ", allowed), allowed[0]);
  }

  /** A list of positive whole numbers. */
  public List<Long> sizes(String key) {
    return taken(key) instanceof List<?> list
            && !list.isEmpty()
            && list.size() <= MOST_LEVELS
            && list.stream().allMatch(item -> item instanceof Number number && isSize(number))
        ? list.stream().map(item -> ((Number) item).longValue()).toList()
        : wrong(key, SIZES, List.of(1L));
  }

  /** One entry for each of another key's list, or one number that stands for them all. */
  public List<Long> sizes(String key, String each) {
    int length = length(each);
    List<Long> sizes =
        taken(key) instanceof Number ? Collections.nCopies(length, size(key)) : sizes(key);
    require(sizes.size() == length, "it must have an entry for each of " + each, key, each);
    return sizes.size() == length ? sizes : Collections.nCopies(length, 1L);
  }

  /** A list of names out of the allowed ones, one for each entry of another key's list. */
  public List<String> choices(String key, String each, String... allowed) {
    int length = length(each);
    List<String> names = names(key, List.of(allowed));
    require(names.size() == length, "it must have an entry for each of " + each, key, each);
    return names.size() == length ? names : Collections.nCopies(length, allowed[0]);
  }

  private List<String> names(String key, List<String> allowed) {
    return taken(key) instanceof List<?> list
            && list.stream().allMatch(item -> item != null && allowed.contains(item))
        ? list.stream().map(String.class::cast).toList()
        : wrong(key, "each entry must be one of " + String.join(", ", allowed), List.of());
  }

  private int length(String key) {
    return problems.containsKey(key) ? 1 : sizes(key).size();
  }

  /** Keys that must be absent, null, or have this value: with any other the result would change. */
  public ComponentConfig only(Object value, String... keys) {
    for (String key : keys) {
      if (has(key) && !same(single(key), value)) {
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

  /**
   * Notes that a rule between keys is broken, unless one of them is wrong by itself.
   *
   * @param keys the one to name in the problem, then the others
   */
  public void require(boolean holds, String rule, String... keys) {
    if (!holds && Collections.disjoint(problems.keySet(), List.of(keys))) {
      wrong(keys[0], rule, "");
    }
  }

  /**
   * Ends the reading.
   *
   * @throws ProblemsException with all problems, unknown keys among them
   */
  public void finish() {
    List<String> unknown =
        values.keySet().stream()
            .filter(key -> !known.contains(key) && !key.startsWith("_"))
            .filter(this::has)
            .sorted()
            .toList();
    if (unknown.size() <= MOST_TOLD) {
      unknown.forEach(key -> wrong(key, "the key is unknown and might change the result", ""));
    } else {
      problems.put(
          "",
          "Cannot use %s keys of %s: they are unknown and might change the result (%s)"
              .formatted(unknown.size(), file, Shown.some(unknown)));
    }
    if (!problems.isEmpty()) {
      throw new ProblemsException(List.copyOf(problems.values()));
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

  /** The value; where it is one for each level, all of them equal, that one. */
  private Object single(String key) {
    Object value = taken(key);
    return value instanceof List<?> list
            && list.size() > 1
            && list.get(0) != null
            && list.stream().allMatch(list.get(0)::equals)
        ? list.get(0)
        : value;
  }

  private <T> T wrong(String key, String rule, T fallback) {
    problems.putIfAbsent(
        key,
        "Cannot use %s of %s: %s (%s)"
            .formatted(Shown.text(key), file, rule, Shown.value(taken(key))));
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
