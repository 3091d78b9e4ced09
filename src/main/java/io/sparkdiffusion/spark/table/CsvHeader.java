package io.sparkdiffusion.spark.table;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The first line of separated text: names of columns, all of them texts. */
final class CsvHeader {

  /** Where Spark's reader ends. */
  private static final int MOST_COLUMNS = 20_480;

  private static final List<String> SEPARATORS = List.of(",", ";", "\t", "|");

  private final InputConfig.Table table;
  private final List<String> names;

  /** How often a name occurs, in whatever case. */
  private final Map<String, Long> counts;

  CsvHeader(InputConfig.Table table, List<String> names) {
    this.table = table;
    this.names = names;
    this.counts = names.stream().collect(groupingBy(CsvHeader::small, counting()));
  }

  private static String small(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  /**
   * The columns, with Spark's names where there is none or one twice.
   *
   * @throws ProblemsException where they are not those of a table of prompts
   */
  StructType schema() {
    if (names.size() > MOST_COLUMNS) {
      throw problem("it must have at most " + MOST_COLUMNS + " columns", names.size());
    }
    otherSeparator().ifPresent(this::refuseSeparator);
    refuseSpaces();
    refuseTwice();
    StructType schema = new StructType();
    for (int i = 0; i < names.size(); i++) {
      schema = schema.add(name(i), DataTypes.StringType);
    }
    return schema;
  }

  private String name(int position) {
    String name = names.get(position);
    if (name.isEmpty() || name.equals(table.options().find("nullValue").orElse(""))) {
      return "_c" + position;
    }
    return counts.get(small(name)) > 1 ? name + position : name;
  }

  /** A separator that would give the columns which the right one does not give. */
  private Optional<String> otherSeparator() {
    String used = table.options().separator(table.storedFormat());
    if (hasAll(names)) {
      return Optional.empty();
    }
    String line = String.join(used, names);
    return SEPARATORS.stream()
        .filter(other -> !other.equals(used))
        .filter(other -> hasAll(Arrays.asList(line.split(Pattern.quote(other), -1))))
        .findFirst();
  }

  private boolean hasAll(List<String> columns) {
    List<String> stripped = columns.stream().map(name -> name.replaceAll("[\"\\s]", "")).toList();
    return required().allMatch(name -> stripped.contains(name.replaceAll("[\"\\s]", "")));
  }

  private Stream<String> required() {
    return Stream.of(table.columns().prompt(), table.columns().id()).filter(n -> !n.isEmpty());
  }

  private void refuseSeparator(String other) {
    String shown = other.equals("\t") ? "\"\\t\"" : "'" + other + "'";
    throw problem(
        "its columns must be between '%s', else set prompts_options={sep: %s}"
            .formatted(Shown.text(table.options().separator(table.storedFormat())), shown),
        PromptColumns.shown(names));
  }

  private void refuseSpaces() {
    List<String> wrong =
        names.stream()
            .filter(name -> !name.equals(name.strip()))
            .filter(name -> PromptColumns.isRead(name.strip(), table.columns()))
            .toList();
    if (!wrong.isEmpty()) {
      List<String> options = new ArrayList<>();
      if (wrong.stream().anyMatch(name -> !name.equals(name.stripLeading()))) {
        options.add("ignoreLeadingWhiteSpace: true");
      }
      if (wrong.stream().anyMatch(name -> !name.equals(name.stripTrailing()))) {
        options.add("ignoreTrailingWhiteSpace: true");
      }
      throw problem(
          "names of columns must have no spaces around them, else set prompts_options={%s}"
              .formatted(String.join(", ", options)),
          wrong.stream().map(name -> "'" + Shown.text(name) + "'").collect(joining(", ")));
    }
  }

  private void refuseTwice() {
    List<String> twice =
        names.stream()
            .filter(name -> counts.get(small(name)) > 1)
            .filter(name -> PromptColumns.isRead(small(name), table.columns()))
            .toList();
    if (!twice.isEmpty()) {
      throw problem("a column must occur once, in whatever case", String.join(", ", twice));
    }
  }

  private ProblemsException problem(String rule, Object actual) {
    return new ProblemsException(
        "Cannot read prompts %s: %s (%s)".formatted(table.location(), rule, actual));
  }
}
