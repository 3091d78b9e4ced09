package io.sparkdiffusion.util;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoublePredicate;
import java.util.function.Function;

/**
 * What a value of a file or a setting must be.
 *
 * @param rule in words, such as "it must be a number"
 * @param reading the value in Java, or nothing where it breaks the rule
 */
public record ValueType<T>(String rule, Function<Object, Optional<T>> reading) {

  public static final ValueType<Double> NUMBER =
      numeric("it must be a number", Double::isFinite, Number::doubleValue);

  public static final ValueType<Integer> WHOLE_NUMBER =
      numeric("it must be a whole number", value -> value == (int) value, Number::intValue);

  public static final ValueType<Boolean> FLAG = ofClass("it must be true or false", Boolean.class);

  /** Numbers for which a rule holds. */
  public static <T> ValueType<T> numeric(
      String rule, DoublePredicate fits, Function<Number, T> conversion) {
    return ofClass(rule, Number.class)
        .flatMap(
            number ->
                fits.test(number.doubleValue())
                    ? Optional.of(conversion.apply(number))
                    : Optional.empty());
  }

  /** Texts that a parser takes; it throws IllegalArgumentException for others. */
  public static <T> ValueType<T> parsed(String rule, Function<String, T> parser) {
    return ofClass(rule, String.class)
        .flatMap(
            text -> {
              try {
                return Optional.of(parser.apply(text));
              } catch (IllegalArgumentException e) {
                return Optional.empty();
              }
            });
  }

  /** One of these texts. */
  public static ValueType<String> choice(String... choices) {
    Map<String, String> byName = new LinkedHashMap<>();
    List.of(choices).forEach(choice -> byName.put(choice, choice));
    return choice(byName);
  }

  /** One of an enum's constants, by its name in files. */
  public static <E extends Enum<E>> ValueType<E> choice(Class<E> type) {
    Map<String, E> byName = new LinkedHashMap<>();
    Arrays.stream(type.getEnumConstants()).forEach(choice -> byName.put(name(choice), choice));
    return choice(byName);
  }

  private static <T> ValueType<T> choice(Map<String, T> byName) {
    return new ValueType<>(
        "it must be one of " + String.join(", ", byName.keySet()),
        value -> Optional.ofNullable(value instanceof String ? byName.get(value) : null));
  }

  /** This value and no other; numbers are compared as such, 1 with 1.0. */
  public static ValueType<Object> only(Object supported) {
    return new ValueType<>(
        "only %s is supported".formatted(supported),
        value -> isSame(value, supported) ? Optional.of(supported) : Optional.empty());
  }

  /** The name that a constant has in files and in diffusers: in small letters. */
  public static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private static <T> ValueType<T> ofClass(String rule, Class<T> type) {
    return new ValueType<>(
        rule, value -> type.isInstance(value) ? Optional.of(type.cast(value)) : Optional.empty());
  }

  private <U> ValueType<U> flatMap(Function<T, Optional<U>> next) {
    return new ValueType<>(rule, value -> reading.apply(value).flatMap(next));
  }

  private static boolean isSame(Object value, Object supported) {
    return (value instanceof Number left && supported instanceof Number right)
        ? left.doubleValue() == right.doubleValue()
        : supported.equals(value);
  }
}
