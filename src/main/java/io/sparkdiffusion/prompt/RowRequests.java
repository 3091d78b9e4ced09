package io.sparkdiffusion.prompt;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/** What a row of the prompt table asks for, or everything that is wrong with it. */
public sealed interface RowRequests {

  /**
   * The requests of a row.
   *
   * @param cells column name to cell as the table gives it (text, number, null); other columns than
   *     {@link PromptRow#COLUMNS} are ignored, empty text in a number's column counts as null
   */
  static RowRequests of(Map<String, ?> cells, RowDefaults defaults) {
    Cells reader = new Cells(cells);
    PromptRow row = reader.row();
    return of(row, defaults, reader.reasons());
  }

  /** The requests of a row. */
  static RowRequests of(PromptRow row, RowDefaults defaults) {
    return of(row, defaults, List.of());
  }

  private static RowRequests of(PromptRow row, RowDefaults defaults, List<String> misread) {
    PromptRow full = defaults.complete(row);
    List<String> reasons = new ArrayList<>(misread);
    reasons.addAll(RequestRules.broken(full));
    if (!reasons.isEmpty()) {
      return new Invalid(Objects.requireNonNullElse(row.id(), ""), reasons);
    }
    return new Valid(IntStream.range(0, full.numImages()).mapToObj(full::request).toList());
  }

  /** The requests, one for each image, by image index. */
  record Valid(List<ImageRequest> requests) implements RowRequests {

    /** Keeps a copy. */
    public Valid {
      requests = List.copyOf(requests);
    }
  }

  /**
   * All reasons why the row gives no picture.
   *
   * @param id empty where the row has none
   */
  record Invalid(String id, List<String> reasons) implements RowRequests {

    /** Keeps a copy. */
    public Invalid {
      reasons = List.copyOf(reasons);
    }
  }
}
