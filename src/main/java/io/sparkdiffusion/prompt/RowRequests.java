package io.sparkdiffusion.prompt;

import java.util.List;
import java.util.Map;

/** What a row of the prompt table asks for, or everything that is wrong with it. */
public sealed interface RowRequests {

  /**
   * The requests of a row.
   *
   * @param cells column name to cell as the table gives it (text, number, null); other columns than
   *     {@link PromptRow#COLUMNS} are ignored, empty text in a number's column counts as null
   */
  static RowRequests of(Map<String, ?> cells, RowDefaults defaults) {
    throw new UnsupportedOperationException(cells.size() + " " + defaults);
  }

  /** The requests of a row. */
  static RowRequests of(PromptRow row, RowDefaults defaults) {
    throw new UnsupportedOperationException(row.id() + " " + defaults);
  }

  /** The requests, one for each image, by image index. */
  record Valid(List<ImageRequest> requests) implements RowRequests {}

  /**
   * All reasons why the row gives no picture.
   *
   * @param id empty where the row has none
   */
  record Invalid(String id, List<String> reasons) implements RowRequests {}
}
