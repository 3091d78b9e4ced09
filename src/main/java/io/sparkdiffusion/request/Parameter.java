package io.sparkdiffusion.request;

import java.io.Serializable;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * One parameter of an image: all that columns, checks, settings, hash, Spark ML and documents know
 * of it. {@link Parameters} has them all.
 *
 * @param <T> the class of its values, as {@link #type()} says
 */
public final class Parameter<T> implements Serializable {

  private static final long serialVersionUID = 1L;

  private final String name;
  private final ValueType type;
  private final transient Said<T> said;

  Parameter(Said<T> said) {
    this.name = said.name;
    this.type = said.type;
    this.said = said;
  }

  /** What it is called in a configuration, a table, a result and a program. */
  public String name() {
    return name;
  }

  public ValueType type() {
    return type;
  }

  /** The value where nobody says one; an id and a prompt have none. */
  public Optional<T> usual() {
    return Optional.ofNullable(said.usual);
  }

  /** As a configuration file would say the usual value; empty where another setting stands in. */
  public String writtenUsual() {
    return said.standsIn ? "" : Objects.toString(said.usual, "");
  }

  /** Whether the configuration may leave it empty, so that another setting stands in. */
  public boolean hasStandIn() {
    return said.standsIn;
  }

  /** Which values it takes, or their unit, for the tables of settings. */
  public String values() {
    return said.values == null ? said.rules.get(0).range() : said.values;
  }

  /** The words that it takes, none where the values are not some words. */
  public List<String> words() {
    return said.rules.stream().flatMap(rule -> rule.words().stream()).toList();
  }

  /** What other programs call it. */
  public List<String> alsoCalled() {
    return said.alsoCalled;
  }

  /** What it does, in one line of the tables of settings. */
  public String description() {
    return said.description;
  }

  /** The same for programs, whose lists have no column of values. */
  public String forPrograms() {
    return said.forPrograms;
  }

  public Topic topic() {
    return said.topic;
  }

  /** Whether the configuration can say it. */
  public boolean isOfJob() {
    return said.scope != Scope.ROW;
  }

  /** Whether a row of the table of prompts can say it. */
  public boolean isOfRow() {
    return said.scope != Scope.JOB;
  }

  /** Whether it is a person's text, which no log, report or exception shows. */
  public boolean isPrivate() {
    return said.isPrivate;
  }

  /**
   * Whether it decides the image: the hash holds it in some form, and the result has its column.
   */
  public boolean decidesImage() {
    return said.inHash != InHash.NO;
  }

  /** Whether the request hash holds it where it has this value. */
  boolean isInHash(Object value) {
    if (said.another != null) {
      return value.equals(said.another);
    }
    return switch (said.inHash) {
      case YES -> true;
      case NO, BY_INPUT, IN_MODEL -> false;
      case UNLESS_USUAL -> !value.equals(said.usual);
    };
  }

  /** Whether images of one batch may differ in it. */
  boolean variesInBatch() {
    return said.variesInBatch;
  }

  /** A value of this parameter, in the one form that it has. */
  public Value<T> of(T value) {
    return new Value<>(this, said.canonical.apply(value));
  }

  /**
   * The value of a cell, whatever type its column has; empty text is none but for texts.
   *
   * @param cell null for none
   * @throws IllegalArgumentException where it cannot be one, with the reason
   */
  public Optional<Value<T>> read(Object cell) {
    boolean isNone =
        cell == null || (type != ValueType.TEXT && cell instanceof String text && text.isBlank());
    return isNone ? Optional.empty() : Optional.of(of(cast(parsed(cell))));
  }

  private Object parsed(Object cell) {
    try {
      return type.parse(cell);
    } catch (ArithmeticException | NumberFormatException e) {
      throw new IllegalArgumentException(
          "Cannot read %s: it must be %s (%s)"
              .formatted(name, type.rule(), Rule.word(cell.toString())),
          e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("Cannot read %s: %s".formatted(name, e.getMessage()), e);
    }
  }

  /**
   * What is wrong with a value.
   *
   * @param value null where there is none
   */
  public Optional<String> problem(T value) {
    return said.rules.stream()
        .filter(rule -> !rule.holds().test(value))
        .findFirst()
        .map(rule -> rule.problem(name, value));
  }

  /** The value of one that is held as any object. */
  @SuppressWarnings("unchecked") // Value pairs each parameter with its own class
  T cast(Object value) {
    return (T) value;
  }

  /** Its name. */
  @Override
  public String toString() {
    return name;
  }

  /** Rules and texts stay at home: the other side looks the name up. */
  private Object writeReplace() {
    return new Named(name);
  }

  private record Named(String name) implements Serializable {
    private Object readResolve() {
      return Parameters.named(name);
    }
  }

  /** A parameter and its value. */
  public record Value<T>(Parameter<T> parameter, T value) {}
}
