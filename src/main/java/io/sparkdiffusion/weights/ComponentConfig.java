package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.util.TypedValues;
import io.sparkdiffusion.util.ValueType;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

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

  private static final ValueType<Long> PLAIN_SIZE = whole(Integer.MAX_VALUE, Number::longValue);
  private static final ValueType<Long> SIZE = single(PLAIN_SIZE);
  private static final ValueType<Integer> COUNT = single(whole(MOST_PARTS, Number::intValue));
  private static final ValueType<Double> POSITIVE =
      ValueType.numeric(
          "it must be a number above 0",
          value -> value > 0 && Double.isFinite(value),
          Number::doubleValue);
  private static final ValueType<List<Long>> SIZES =
      listOf(
          "it must be a list of 1 to %s whole numbers from 1 to %s"
              .formatted(MOST_LEVELS, Integer.MAX_VALUE),
          1,
          MOST_LEVELS,
          PLAIN_SIZE);

  private final Path file;
  private final Map<String, Object> values;
  private final TypedValues typed;
  private final Set<String> known = new HashSet<>();
  private final Map<String, String> problems = new LinkedHashMap<>();

  private ComponentConfig(Path file, Map<String, Object> values) {
    this.file = file;
    this.values = values;
    this.typed = new TypedValues(values, this::wrong);
  }

  /**
   * Reads a file.
   *
   * @throws ProblemsException where it is missing or not one JSON object
   */
  public static ComponentConfig read(Path file) {
    Map<String, Object> values = new HashMap<>(StrictJson.read(file));
    values.values().removeIf(Objects::isNull);
    return new ComponentConfig(file, values);
  }

  /** A positive whole number; several that are equal are one, as a side for height and width. */
  public long size(String key) {
    return given(key, SIZE, 1L);
  }

  /** A positive whole number, or the given one where the key is absent or null. */
  public long size(String key, long fallback) {
    return read(key, SIZE, fallback);
  }

  /** How many parts, such as layers, the network has: 1 to 100. */
  public int count(String key) {
    return given(key, COUNT, 1);
  }

  /** How many parts, or the given number where the key is absent or null. */
  public int count(String key, int fallback) {
    return read(key, COUNT, fallback);
  }

  /** A number, or the given one where the key is absent or null. */
  public double number(String key, double fallback) {
    return read(key, ValueType.NUMBER, fallback);
  }

  /** A number above zero, or the given one where the key is absent or null. */
  public double positive(String key, double fallback) {
    return read(key, POSITIVE, fallback);
  }

  /** A truth value, or the given one where the key is absent or null. */
  public boolean flag(String key, boolean fallback) {
    return read(key, ValueType.FLAG, fallback);
  }

  /** One of the allowed texts; the first where the key is absent or null. */
  public String choice(String key, String... allowed) {
    return read(key, ValueType.choice(allowed), allowed[0]);
  }

  /** A list of positive whole numbers. */
  public List<Long> sizes(String key) {
    return given(key, SIZES, List.of(1L));
  }

  /** One entry for each of another key's list, or one number that stands for them all. */
  public List<Long> sizes(String key, String each) {
    int length = length(each);
    List<Long> sizes =
        values.get(key) instanceof Number ? Collections.nCopies(length, size(key)) : sizes(key);
    require(sizes.size() == length, "it must have an entry for each of " + each, key, each);
    return sizes.size() == length ? sizes : Collections.nCopies(length, 1L);
  }

  /** A list of names out of the allowed ones, one for each entry of another key's list. */
  public List<String> choices(String key, String each, String... allowed) {
    int length = length(each);
    ValueType<List<String>> names =
        listOf(
            "each entry must be one of " + String.join(", ", allowed),
            0,
            Integer.MAX_VALUE,
            ValueType.choice(allowed));
    List<String> choices = given(key, names, List.of());
    require(choices.size() == length, "it must have an entry for each of " + each, key, each);
    return choices.size() == length ? choices : Collections.nCopies(length, allowed[0]);
  }

  /**
   * A truth value for each entry of another key's list; all false where the key is absent, null or
   * false itself.
   */
  public List<Boolean> flags(String key, String each) {
    int length = length(each);
    List<Boolean> none = Collections.nCopies(length, false);
    if (!has(key) || Boolean.FALSE.equals(values.get(key))) {
      return none;
    }
    String rule = "it must be false, or have an entry for each of " + each;
    ValueType<List<Boolean>> type = listOf(rule, 1, MOST_LEVELS, ValueType.FLAG);
    List<Boolean> flags = given(key, type, none);
    require(flags.size() == length, rule, key, each);
    return flags.size() == length ? flags : none;
  }

  private int length(String key) {
    return problems.containsKey(key) ? 1 : sizes(key).size();
  }

  /** Keys that must be absent, null, or have this value: with any other the result would change. */
  public ComponentConfig only(Object value, String... keys) {
    for (String key : keys) {
      read(key, single(ValueType.only(value)), value);
    }
    return this;
  }

  /** Keys that must be absent or null. */
  public ComponentConfig absent(String... keys) {
    for (String key : keys) {
      if (has(key)) {
        wrong(key, "it is not supported and would change the result");
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
      wrong(keys[0], rule);
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
            .sorted()
            .toList();
    if (unknown.size() <= MOST_TOLD) {
      unknown.forEach(key -> wrong(key, "the key is unknown and might change the result"));
    } else {
      problems.put(
          "",
          "Cannot use %s keys of %s: they are unknown and might change the result (%s)"
              .formatted(unknown.size(), file, Shown.some(unknown)));
    }
    throwIfAny();
  }

  /**
   * Ends the reading of some keys, of a file whose others are somebody else's.
   *
   * @throws ProblemsException with all problems of those that were read
   */
  public void throwIfAny() {
    if (!problems.isEmpty()) {
      throw new ProblemsException(List.copyOf(problems.values()));
    }
  }

  /** Whether a key is there and not null. */
  public boolean has(String key) {
    known.add(key);
    return values.containsKey(key);
  }

  private <T> T read(String key, ValueType<T> type, T fallback) {
    known.add(key);
    return typed.read(key, type, fallback);
  }

  private <T> T given(String key, ValueType<T> type, T standIn) {
    known.add(key);
    return typed.readGiven(key, type, standIn);
  }

  private void wrong(String key, String rule) {
    wrong(key, rule, values.getOrDefault(key, "absent"));
  }

  private void wrong(String key, String rule, Object value) {
    problems.putIfAbsent(
        key,
        "Cannot use %s of %s: %s (%s)".formatted(Shown.text(key), file, rule, Shown.value(value)));
  }

  private static <T> ValueType<T> whole(int most, Function<Number, T> conversion) {
    return ValueType.numeric(
        "it must be a whole number from 1 to " + most,
        value -> value == (long) value && value >= 1 && value <= most,
        conversion);
  }

  private static <T> ValueType<List<T>> listOf(
      String rule, int fewest, int most, ValueType<T> entry) {
    return new ValueType<>(
        rule,
        value ->
            Optional.of(value)
                .filter(List.class::isInstance)
                .map(list -> (List<?>) list)
                .filter(list -> list.size() >= fewest && list.size() <= most)
                .flatMap(list -> all(list, entry)));
  }

  private static <T> Optional<List<T>> all(List<?> list, ValueType<T> type) {
    List<T> read = list.stream().flatMap(item -> type.reading().apply(item).stream()).toList();
    return Optional.of(read).filter(all -> all.size() == list.size());
  }

  /** A value; one for each level, all of them equal, is that one. */
  private static <T> ValueType<T> single(ValueType<T> type) {
    return new ValueType<>(
        type.rule(),
        value ->
            type.reading()
                .apply(
                    value instanceof List<?> list
                            && list.size() > 1
                            && new HashSet<>(list).size() == 1
                        ? list.get(0)
                        : value));
  }
}
