package io.sparkdiffusion.config;

import io.sparkdiffusion.request.Parameter;
import io.sparkdiffusion.request.Values;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Given values and defaults by their types. A value that does not parse is noted as a problem, and
 * the default stands in so that the other problems are found as well.
 */
final class TypedValues {

  private static final Pattern NUMBER =
      Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");

  private final GivenValues given;
  private final Problems problems;

  TypedValues(GivenValues given, Problems problems) {
    this.given = given;
    this.problems = problems;
  }

  String text(String key) {
    return parsed(key, "text", Function.identity());
  }

  /** Parameters of an image; one that is left empty has no value where another stands in. */
  Values parameters(List<Parameter<?>> all) {
    List<Parameter.Value<?>> found = new ArrayList<>();
    all.forEach(parameter -> parameter(parameter).ifPresent(found::add));
    return Values.of(found);
  }

  private <T> Optional<Parameter.Value<T>> parameter(Parameter<T> parameter) {
    String key = parameter.name();
    if (parameter.hasStandIn()) {
      return optionalInteger(key).flatMap(parameter::read);
    }
    return parameter.read(
        switch (parameter.type()) {
          case TEXT -> text(key);
          case INTEGER -> integer(key);
          case LONG -> longInteger(key);
          case NUMBER -> number(key);
        });
  }

  int integer(String key) {
    return parsed(key, "an integer", Integer::valueOf);
  }

  /** An integer that may be left empty. */
  private Optional<Integer> optionalInteger(String key) {
    return parsed(key, "an integer", TypedValues::integerOrEmpty);
  }

  long longInteger(String key) {
    return parsed(key, "an integer of 64 bits", Long::valueOf);
  }

  double number(String key) {
    return parsed(key, "a number", TypedValues::finite);
  }

  boolean isTrue(String key) {
    return parsed(key, "true or false", TypedValues::bool);
  }

  <E extends Enum<E>> E choice(String key, Class<E> type) {
    String names = String.join(", ", names(type));
    return parsed(
        key, "one of " + names, text -> type.getEnumConstants()[names(type).indexOf(text)]);
  }

  FailureLimit failureLimit(String key) {
    return parsed(key, "a count, or a share such as 0.1 or 10%", TypedValues::limit);
  }

  DevicePrice devicePrice(String key) {
    return parsed(
        key,
        "a number",
        text -> text.isEmpty() ? new DevicePrice.Unknown() : new DevicePrice.PerHour(finite(text)));
  }

  /** A mapping from YAML, or one written in a line. */
  Map<String, Object> mapping(String key) {
    Object value = given.find(key).orElse("");
    if (value instanceof Map<?, ?> map) {
      return withTextKeys(map);
    }
    if (value instanceof String text) {
      return text.isBlank()
          ? Map.of()
          : problems.gather(() -> StrictYaml.parse(text, key)).orElse(Map.of());
    }
    problems.add(misread(key, "a mapping", "a list"));
    return Map.of();
  }

  private <T> T parsed(String key, String rule, Function<String, T> parse) {
    T standIn = parse.apply(Settings.BY_KEY.get(key).defaultValue());
    Optional<Object> value = given.find(key);
    if (value.isEmpty()) {
      return standIn;
    }
    if (!(value.get() instanceof String text)) {
      String kind = value.get() instanceof Map ? "a mapping" : "a list";
      problems.add(misread(key, rule, kind));
      return standIn;
    }
    try {
      return parse.apply(text);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      problems.add(misread(key, rule, text));
      return standIn;
    }
  }

  private static String misread(String key, String rule, String actual) {
    return "Cannot read " + key + ": it must be " + rule + " (" + Shown.text(actual) + ")";
  }

  private static Optional<Integer> integerOrEmpty(String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(Integer.valueOf(text));
  }

  private static double finite(String text) {
    if (!NUMBER.matcher(text).matches()) {
      throw new NumberFormatException();
    }
    return Double.parseDouble(text);
  }

  private static boolean bool(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException();
    };
  }

  private static FailureLimit limit(String text) {
    if (text.isEmpty()) {
      return new FailureLimit.Unlimited();
    }
    if (text.endsWith("%")) {
      return new FailureLimit.Share(finite(text.substring(0, text.length() - 1)) / 100);
    }
    return text.contains(".")
        ? new FailureLimit.Share(finite(text))
        : new FailureLimit.Count(Long.parseLong(text));
  }

  private static <E extends Enum<E>> List<String> names(Class<E> type) {
    return List.of(type.getEnumConstants()).stream()
        .map(value -> value.name().toLowerCase(Locale.ROOT))
        .toList();
  }

  private static Map<String, Object> withTextKeys(Map<?, ?> map) {
    Map<String, Object> copy = new LinkedHashMap<>();
    map.forEach((key, value) -> copy.put((String) key, value));
    return copy;
  }
}
