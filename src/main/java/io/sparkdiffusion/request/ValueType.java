package io.sparkdiffusion.request;

import java.math.BigDecimal;

/** What kind of value a parameter has, and how a cell of any type is read as one. */
public enum ValueType {
  TEXT("text", "a text", String.class),
  INTEGER("integer", "a whole number in range", Integer.class),
  LONG("64-bit integer", "a whole number in range", Long.class),
  NUMBER("number", "a number", Double.class),
  EMBEDS("list of lists of numbers", "a list of rows of numbers", PromptEmbeds.class);

  private final String label;
  private final String rule;
  private final Class<?> javaType;

  ValueType(String label, String rule, Class<?> javaType) {
    this.label = label;
    this.rule = rule;
    this.javaType = javaType;
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
   * @throws IllegalArgumentException where it is nothing else that it must be, with the reason
   */
  Object parse(Object cell) {
    if (javaType.isInstance(cell)) {
      return cell;
    }
    if (this == EMBEDS) {
      return PromptEmbeds.of(cell);
    }
    String text = cell.toString();
    return switch (this) {
      case TEXT -> text;
      case INTEGER -> new BigDecimal(text.strip()).intValueExact();
      case LONG -> new BigDecimal(text.strip()).longValueExact();
      case NUMBER -> Double.valueOf(text.strip());
      case EMBEDS -> throw new IllegalStateException("read before");
    };
  }
}
