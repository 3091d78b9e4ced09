package io.sparkdiffusion.util;

import java.util.Map;

/**
 * Reads the values of a map by their types. A value that breaks its type's rule is told, and
 * another stands in for it, so that what else is wrong is found as well.
 */
public final class TypedValues {

  /** Hears of every value that breaks a rule. */
  @FunctionalInterface
  public interface Misfits {

    /**
     * Takes one.
     *
     * @param value as it was found, null included, or "absent"
     */
    void tell(String key, String rule, Object value);
  }

  private final Map<String, ?> values;
  private final Misfits misfits;

  public TypedValues(Map<String, ?> values, Misfits misfits) {
    this.values = values;
    this.misfits = misfits;
  }

  /** A value that may be absent. */
  public <T> T read(String key, ValueType<T> type, T otherwise) {
    return values.containsKey(key) ? readGiven(key, type, otherwise) : otherwise;
  }

  /** A value that must be there. */
  public <T> T readGiven(String key, ValueType<T> type, T standIn) {
    Object value = values.containsKey(key) ? values.get(key) : "absent";
    return type.reading()
        .apply(value)
        .orElseGet(
            () -> {
              misfits.tell(key, type.rule(), value);
              return standIn;
            });
  }
}
