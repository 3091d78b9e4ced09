package io.sparkdiffusion.config;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which columns of a table of prompts are read where they are called otherwise.
 *
 * @param id the column of ids; empty: {@code id} where there is one, else ids come from the prompts
 * @param prompt the column of prompts
 * @param ignored columns that are neither read nor passed through
 */
public record TableColumns(String id, String prompt, List<String> ignored) implements Serializable {

  /** Columns by the parameters' own names. */
  public static final TableColumns USUAL = new TableColumns("", "prompt", List.of());

  /** Checks the values. */
  public TableColumns {
    ignored = new ArrayList<>(ignored);
    Problems problems = new Problems();
    problems.require(!prompt.isBlank(), "prompt_column", "it must name a column", "blank");
    problems.require(
        id.isEmpty() || !id.equals(prompt), "id_column", "it must not be prompt_column", id);
    problems.require(
        !ignored.contains(prompt) && (id.isEmpty() || !ignored.contains(id)),
        "ignore_columns",
        "a column that is read must not be among them",
        String.join(", ", ignored));
    problems.throwIfAny();
  }

  /** Names with commas between them. */
  static List<String> names(String text) {
    return Arrays.stream(text.split(",")).map(String::strip).filter(n -> !n.isEmpty()).toList();
  }
}
