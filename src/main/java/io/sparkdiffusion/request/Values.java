package io.sparkdiffusion.request;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Values of some parameters: a configuration's, a row's or an image's. It never changes. */
public final class Values implements Serializable {

  private static final long serialVersionUID = 1L;

  private final LinkedHashMap<Parameter<?>, Object> byParameter = new LinkedHashMap<>();

  /** In the order of the table, so that equal values read alike. */
  private Values(Map<Parameter<?>, Object> values) {
    for (Parameter<?> parameter : Parameters.ALL) {
      byParameter.put(parameter, values.get(parameter));
    }
    byParameter.putAll(values);
    byParameter.values().removeIf(Objects::isNull);
  }

  /** Some values. */
  public static Values of(Parameter.Value<?>... given) {
    return of(List.of(given));
  }

  /** Some values. */
  public static Values of(Collection<? extends Parameter.Value<?>> given) {
    Map<Parameter<?>, Object> values = new HashMap<>();
    given.forEach(one -> values.put(one.parameter(), one.value()));
    return new Values(values);
  }

  /** What a row has where neither it nor the configuration says another value. */
  public static Values usual() {
    Map<Parameter<?>, Object> values = new HashMap<>();
    for (Parameter<?> parameter : Parameters.OF_ROW) {
      parameter.usual().ifPresent(value -> values.put(parameter, value));
    }
    return new Values(values);
  }

  /** The same with another value. */
  public Values with(Parameter.Value<?> other) {
    return of(other).withDefaults(this);
  }

  /** These, and where there is none, the other ones' values. */
  public Values withDefaults(Values others) {
    Map<Parameter<?>, Object> all = new HashMap<>(others.byParameter);
    all.putAll(byParameter);
    return new Values(all);
  }

  /** Those of some parameters. */
  public Values only(Predicate<Parameter<?>> which) {
    Map<Parameter<?>, Object> some = new HashMap<>(byParameter);
    some.keySet().removeIf(which.negate());
    return new Values(some);
  }

  /** The value of a parameter, where there is one. */
  public <T> Optional<T> find(Parameter<T> parameter) {
    return Optional.ofNullable(parameter.cast(byParameter.get(parameter)));
  }

  /**
   * The value of a parameter.
   *
   * @throws NoSuchElementException where there is none
   */
  public <T> T get(Parameter<T> parameter) {
    return find(parameter)
        .orElseThrow(() -> new NoSuchElementException("Cannot get " + parameter + ": not there"));
  }

  /** All rules that the values of some parameters break, one line each. */
  public List<String> problems(List<Parameter<?>> parameters) {
    List<String> problems = new ArrayList<>();
    parameters.forEach(parameter -> problem(parameter).ifPresent(problems::add));
    return problems;
  }

  /** Only what has no usual value can be missing, which a rule then says. */
  private <T> Optional<String> problem(Parameter<T> parameter) {
    return parameter.problem(
        parameter.usual().isPresent() ? get(parameter) : find(parameter).orElse(null));
  }

  /** What the request hash holds of them, by name. */
  public Map<String, Object> canonical() {
    Map<String, Object> parts = new LinkedHashMap<>();
    byParameter.forEach(
        (parameter, value) -> {
          if (parameter.isInHash(value)) {
            parts.put(parameter.name(), value instanceof PromptEmbeds e ? e.digest() : value);
          }
        });
    return parts;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Values values && byParameter.equals(values.byParameter);
  }

  @Override
  public int hashCode() {
    return byParameter.hashCode();
  }

  /** Everything but persons' texts. */
  @Override
  public String toString() {
    return byParameter.entrySet().stream()
        .filter(entry -> !entry.getKey().isPrivate())
        .map(entry -> entry.getKey() + "=" + entry.getValue())
        .collect(Collectors.joining(", "));
  }
}
