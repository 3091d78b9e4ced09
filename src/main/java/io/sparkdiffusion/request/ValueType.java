package io.sparkdiffusion.request;

import java.math.BigDecimal;
import java.util.function.Function;

/** What kind of value a parameter has, and how a cell of any type is read as one. */
public enum ValueType {
  TEXT("text", "a text", String.class, Function.identity()),
  INTEGER("integer", ValueType.WHOLE, Integer.class, text -> whole(text).intValueExact()),
  LONG("64-bit integer", ValueType.WHOLE, Long.class, text -> whole(text).longValueExact()),
  NUMBER("number", "a number", Double.class, text -> Double.valueOf(text.strip()));

  private static final String WHOLE = "a whole number in range";

  private final String label;
  private final String rule;
  private final Class<?> javaType;
  private final Function<String, ?> parse;

  ValueType(String label, String rule, Class<?> javaType, Function<String, ?> parse) {
    this.label = label;
    this.rule = rule;
    this.javaType = javaType;
    this.parse = parse;
  }

  /** As the tables of settings call it. */
  public String label() {
    return label;
  }

  /** What a cell must be, as {@code a number}. */
  String rule() {
    return rule;
  }

  /**
   * The value of a cell, whatever its own type.
   *
   * @throws ArithmeticException where it is too large or not whole
   * @throws NumberFormatException where it is no number
   */
  Object parse(Object cell) {
    return javaType.isInstance(cell) ? cell : parse.apply(cell.toString());
  }

  private static BigDecimal whole(String text) {
    return new BigDecimal(text.strip());
  }
}
