package io.sparkdiffusion.config;

import static io.sparkdiffusion.util.ValueType.parsed;

import io.sparkdiffusion.request.Parameter;
import io.sparkdiffusion.request.Values;
import io.sparkdiffusion.util.TypedValues;
import io.sparkdiffusion.util.ValueType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/** The settings that are given, by their types; the table's defaults stand for the others. */
final class SettingValues {

  private static final Pattern DECIMAL =
      Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");

  private static final ValueType<String> TEXT = parsed("it must be text", Function.identity());
  private static final ValueType<List<String>> TEXTS =
      new ValueType<>("it must be a list of texts", SettingValues::texts);
  private static final ValueType<Integer> INTEGER =
      parsed("it must be an integer", Integer::valueOf);
  private static final ValueType<Optional<Integer>> INTEGER_OR_EMPTY =
      parsed(
          INTEGER.rule(),
          text -> text.isEmpty() ? Optional.empty() : Optional.of(Integer.valueOf(text)));
  private static final ValueType<Long> LONG =
      parsed("it must be an integer of 64 bits", Long::valueOf);
  private static final ValueType<Double> NUMBER =
      parsed("it must be a number", SettingValues::finite);
  private static final ValueType<Boolean> FLAG = parsed(ValueType.FLAG.rule(), SettingValues::flag);
  private static final ValueType<FailureLimit> FAILURE_LIMIT =
      parsed("it must be a count, or a share such as 0.1 or 10%", SettingValues::limit);
  private static final ValueType<DevicePrice> DEVICE_PRICE =
      parsed(
          NUMBER.rule(),
          text ->
              text.isEmpty() ? new DevicePrice.Unknown() : new DevicePrice.PerHour(finite(text)));

  private static final ValueType<BatchSize> BATCH_SIZE =
      parsed("it must be an integer or auto", BatchSize::parse);

  private final TypedValues given;
  private final Problems problems;

  SettingValues(GivenValues given, Problems problems) {
    this.given = new TypedValues(given.all(), this::tell);
    this.problems = problems;
  }

  String text(String key) {
    return read(key, TEXT);
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
      return read(key, INTEGER_OR_EMPTY).flatMap(parameter::read);
    }
    return parameter.read(
        switch (parameter.type()) {
          case TEXT -> text(key);
          case INTEGER -> integer(key);
          case LONG -> read(key, LONG);
          case NUMBER -> read(key, NUMBER);
          case EMBEDS -> throw new IllegalStateException("only rows have embeddings");
        });
  }

  /** Texts from YAML's list, or written in a line with commas between. */
  List<String> list(String key) {
    return read(key, TEXTS);
  }

  int integer(String key) {
    return read(key, INTEGER);
  }

  boolean isTrue(String key) {
    return read(key, FLAG);
  }

  <E extends Enum<E>> E choice(String key, Class<E> type) {
    return read(key, ValueType.choice(type));
  }

  FailureLimit failureLimit(String key) {
    return read(key, FAILURE_LIMIT);
  }

  BatchSize batchSize(String key) {
    return read(key, BATCH_SIZE);
  }

  DevicePrice devicePrice(String key) {
    return read(key, DEVICE_PRICE);
  }

  /** A mapping from YAML, or one written in a line. */
  Map<String, Object> mapping(String key) {
    return read(key, new ValueType<>("it must be a mapping", value -> mapping(key, value)));
  }

  private Optional<Map<String, Object>> mapping(String key, Object value) {
    if (value instanceof Map<?, ?> map) {
      return Optional.of(withTextKeys(map));
    }
    if (value instanceof String text) {
      return Optional.of(
          text.isBlank()
              ? Map.of()
              : problems.gather(() -> StrictYaml.parse(text, key)).orElse(Map.of()));
    }
    return Optional.empty();
  }

  private <T> T read(String key, ValueType<T> type) {
    String usual = Settings.BY_KEY.get(key).defaultValue();
    return given.read(key, type, type.reading().apply(usual).orElseThrow());
  }

  private void tell(String key, String rule, Object value) {
    String shown =
        value instanceof Map ? "a mapping" : value instanceof List ? "a list" : value.toString();
    problems.addUnread(key, rule, shown);
  }

  private static Optional<List<String>> texts(Object value) {
    if (value instanceof String line) {
      return Optional.of(LoraConfig.entries(line));
    }
    return value instanceof List<?> list && list.stream().allMatch(String.class::isInstance)
        ? Optional.of(list.stream().map(String.class::cast).toList())
        : Optional.empty();
  }

  private static double finite(String text) {
    if (!DECIMAL.matcher(text).matches()) {
      throw new NumberFormatException();
    }
    return Double.parseDouble(text);
  }

  private static boolean flag(String text) {
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

  private static Map<String, Object> withTextKeys(Map<?, ?> map) {
    Map<String, Object> copy = new LinkedHashMap<>();
    map.forEach((key, value) -> copy.put((String) key, value));
    return copy;
  }
}
