package io.sparkdiffusion.prompt;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Reads the cells of one row by column, whatever types the table has, and notes what it cannot. */
final class Cells {

  private final Map<String, ?> cells;
  private final List<String> reasons = new ArrayList<>();

  Cells(Map<String, ?> cells) {
    this.cells = cells;
  }

  PromptRow row() {
    return new PromptRow(
        text("id"),
        text("prompt"),
        text("negative_prompt"),
        whole("seed", BigDecimal::longValueExact),
        whole("num_inference_steps", BigDecimal::intValueExact),
        number("guidance_scale"),
        number("guidance_rescale"),
        whole("height", BigDecimal::intValueExact),
        whole("width", BigDecimal::intValueExact),
        whole("num_images", BigDecimal::intValueExact),
        text("scheduler"),
        number("eta"));
  }

  List<String> reasons() {
    return reasons;
  }

  private String text(String column) {
    Object cell = cells.get(column);
    return cell == null ? null : cell.toString();
  }

  private <T extends Number> T whole(String column, Function<BigDecimal, T> exact) {
    return parsed(column, "a whole number in range", cell -> exact.apply(new BigDecimal(cell)));
  }

  private Double number(String column) {
    return parsed(column, "a number", Double::valueOf);
  }

  private <T> T parsed(String column, String rule, Function<String, T> parse) {
    Object cell = cells.get(column);
    if (cell == null || cell.toString().isBlank()) {
      return null;
    }
    try {
      return parse.apply(cell.toString().strip());
    } catch (ArithmeticException | NumberFormatException e) {
      String shown = shown(cell.toString());
      reasons.add("Cannot read %s: it must be %s (%s)".formatted(column, rule, shown));
      return null;
    }
  }

  /** What looks like a number or a word; anything else may be a prompt in the wrong column. */
  static String shown(String cell) {
    return cell.matches("[\\w.,+-]{0,40}") ? cell : "a text";
  }
}
