package io.sparkdiffusion.request;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** What the table says of one parameter; only the table writes it. */
final class Said<T> {

  final String name;
  final ValueType type;
  final List<Rule<T>> rules = new ArrayList<>();
  T usual;
  boolean standsIn;
  String values;
  String description = "";
  String forPrograms = "";
  List<String> alsoCalled = List.of();
  Scope scope = Scope.BOTH;
  Topic topic = Topic.HOW_TO_DRAW;
  InHash inHash = InHash.YES;
  T another;
  UnaryOperator<T> canonical = UnaryOperator.identity();
  boolean isPrivate;
  boolean variesInBatch;

  private Said(String name, ValueType type) {
    this.name = name;
    this.type = type;
  }

  static Said<String> text(String name) {
    return new Said<>(name, ValueType.TEXT);
  }

  static Said<Integer> integer(String name) {
    return new Said<>(name, ValueType.INTEGER);
  }

  static Said<Long> longInteger(String name) {
    return new Said<>(name, ValueType.LONG);
  }

  static Said<Double> number(String name) {
    return new Said<>(name, ValueType.NUMBER);
  }

  static Said<PromptEmbeds> embeds(String name) {
    return new Said<>(name, ValueType.EMBEDS);
  }

  /** The value where nobody says one. */
  Said<T> usually(T value) {
    usual = value;
    return this;
  }

  /** In a configuration the value is empty, and another setting stands in. */
  Said<T> withStandIn() {
    standsIn = true;
    return this;
  }

  /** Rules are tested in the order in which they come, until one does not hold. */
  Said<T> rule(Rule<T> rule) {
    rules.add(rule);
    return this;
  }

  /** What the tables say of values and unit, where it is not the rule's range. */
  Said<T> values(String text) {
    values = text;
    return this;
  }

  /** Names that other programs have for it, for the advice on a setting that is none. */
  Said<T> alsoCalled(String... names) {
    alsoCalled = List.of(names);
    return this;
  }

  /** What it does. */
  Said<T> means(String inTables, String inPrograms) {
    description = inTables;
    forPrograms = inPrograms;
    return this;
  }

  /** From other ways to say the same value. */
  Said<T> canonical(UnaryOperator<T> form) {
    canonical = form;
    return this;
  }

  Said<T> topic(Topic place) {
    topic = place;
    return this;
  }

  Said<T> scope(Scope of) {
    scope = of;
    return this;
  }

  Said<T> inHash(InHash whether) {
    inHash = whether;
    return this;
  }

  /** It makes another image with one value alone, and the hash holds it then. */
  Said<T> inHashOnlyAs(T value) {
    inHash = InHash.UNLESS_USUAL;
    another = value;
    return this;
  }

  /** A person's text. */
  Said<T> asPrivate() {
    isPrivate = true;
    return this;
  }

  /** Images of one batch may differ in it. */
  Said<T> variesInBatch() {
    variesInBatch = true;
    return this;
  }

  /** The parameter of which all this is said. */
  Parameter<T> parameter() {
    return new Parameter<>(this);
  }
}
