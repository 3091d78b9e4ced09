package io.sparkdiffusion.sampler;

import io.sparkdiffusion.util.TypedValues;
import io.sparkdiffusion.util.ValueType;
import java.util.function.Function;

/**
 * A setting of {@code scheduler_config.json}, under diffusers' name.
 *
 * @param usual what an absent key means
 * @param told what the effective configuration tells of a value; an empty text for nothing
 */
record Option<T>(String name, ValueType<T> type, T usual, Function<T, Object> told) {

  /** The same setting of a sampler for which an absent key means something else. */
  Option<T> usually(T other) {
    return new Option<>(name, type, other, told);
  }

  T read(TypedValues values) {
    return values.read(name, type, usual);
  }
}
