package io.sparkdiffusion.config;

import io.sparkdiffusion.request.Parameter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * One key of the configuration.
 *
 * @param type how a value is read, as the tables call it
 * @param defaultValue as it would be written in a file; empty where there is none
 * @param allowed the values or the unit, for people
 * @param words those that it takes, none where the values are not some words
 * @param description one line
 * @param told what a report tells of a configuration that has it
 */
record Setting(
    String key,
    String type,
    String defaultValue,
    String allowed,
    List<String> words,
    String description,
    Function<JobConfig, Object> told) {

  private Setting(
      String key, String type, String defaultValue, String allowed, String description) {
    this(key, type, defaultValue, allowed, List.of(), description, config -> defaultValue);
  }

  static Setting text(String key, String defaultValue, String allowed, String description) {
    return new Setting(key, "text", defaultValue, allowed, description);
  }

  static Setting integer(String key, String defaultValue, String allowed, String description) {
    return new Setting(key, "integer", defaultValue, allowed, description);
  }

  static Setting number(String key, String defaultValue, String allowed, String description) {
    return new Setting(key, "number", defaultValue, allowed, description);
  }

  static Setting mapping(String key, String allowed, String description) {
    return new Setting(key, "mapping", "", allowed, description);
  }

  static Setting list(String key, String allowed, String description) {
    return new Setting(key, "list", "", allowed, description);
  }

  /** A switch that is on where nobody says another. */
  static Setting flag(String key, String description) {
    return new Setting(key, "true or false", "true", "true, false", description)
        .withWords("true", "false");
  }

  /** One of some words. */
  static Setting choice(String key, Enum<?> usual, String description) {
    String[] words =
        Arrays.stream(usual.getDeclaringClass().getEnumConstants())
            .map(Setting::written)
            .toArray(String[]::new);
    return text(key, written(usual), String.join(", ", words), description).withWords(words);
  }

  /** A parameter of images, which has said all that there is to say. */
  static Setting of(Parameter<?> parameter) {
    return new Setting(
            parameter.name(),
            parameter.type().label(),
            parameter.writtenUsual(),
            parameter.values(),
            parameter.description())
        .withWords(parameter.words().toArray(String[]::new));
  }

  /** The same, which takes some words and perhaps values like them. */
  Setting withWords(String... some) {
    return new Setting(key, type, defaultValue, allowed, List.of(some), description, told);
  }

  /** The same, of which a report tells this. */
  Setting told(Function<JobConfig, Object> value) {
    return new Setting(key, type, defaultValue, allowed, words, description, value);
  }

  /** The same, of which a report tells what a table of prompts has. */
  Setting ofTable(Function<InputConfig.Table, Object> value) {
    return told(
        config ->
            config.input() instanceof InputConfig.Table table ? value.apply(table) : defaultValue);
  }

  /** As a report writes what a configuration has. */
  String in(JobConfig config) {
    return written(told.apply(config));
  }

  private static String written(Object value) {
    return value instanceof Enum<?> word ? word.name().toLowerCase(Locale.ROOT) : value.toString();
  }
}
