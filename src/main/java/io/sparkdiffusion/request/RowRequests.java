package io.sparkdiffusion.request;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** What a row of the prompt table asks for, or everything that is wrong with it. */
public sealed interface RowRequests {

  /**
   * The requests of a row.
   *
   * @param cells column name to cell as the table gives it (text, number, null); other columns than
   *     {@link Parameters#OF_ROW} are ignored, empty text in a number's column counts as null
   * @param job what rows take where they have no value of their own; a row without a seed derives
   *     its own from the job's and its id
   */
  static RowRequests of(Map<String, ?> cells, Values job) {
    List<Parameter.Value<?>> row = new ArrayList<>();
    List<String> misread = new ArrayList<>();
    for (Parameter<?> parameter : Parameters.OF_ROW) {
      try {
        parameter.read(cells.get(parameter.name())).ifPresent(row::add);
      } catch (IllegalArgumentException e) {
        misread.add(e.getMessage());
      }
    }
    return of(Values.of(row), job, misread);
  }

  /** The requests of a row that has been read. */
  static RowRequests of(Values row, Values job) {
    return of(row, job, List.of());
  }

  private static RowRequests of(Values given, Values job, List<String> misread) {
    List<String> reasons = new ArrayList<>(misread);
    reasons.addAll(GivenEmbeds.problems(given));
    Values row = GivenEmbeds.withoutTexts(given);
    String id = row.find(Parameters.ID).orElse("");
    Parameter.Value<Long> derived = Parameters.SEED.of(RowSeed.of(job.get(Parameters.SEED), id));
    Values full = row.withDefaults(job.with(derived)).withDefaults(Values.usual());
    reasons.addAll(problems(full));
    return reasons.isEmpty() ? new Valid(requests(id, full)) : new Invalid(id, reasons);
  }

  /** All rules that a row with all its values breaks. */
  static List<String> problems(Values row) {
    List<String> problems = row.problems(Parameters.OF_ROW);
    if (problems.isEmpty()) {
      problems.addAll(WeightedPrompt.problems(row));
      problems.addAll(imageProblems(row));
      controlProblem(row).ifPresent(problems::add);
    }
    return problems;
  }

  /** What says something of an image needs that. */
  private static List<String> imageProblems(Values row) {
    return InputImage.INIT.isGiven(row)
        ? List.of()
        : Stream.of(InputImage.MASK, InputImage.DEPTH)
            .filter(input -> input.isGiven(row))
            .map(InputImage::path)
            .map("Cannot use %s: init_image must be given too (it is not)"::formatted)
            .toList();
  }

  /** As in diffusers, even where a range without steps would be of no use. */
  private static Optional<String> controlProblem(Values row) {
    double start = row.get(Parameters.CONTROL_GUIDANCE_START);
    double end = row.get(Parameters.CONTROL_GUIDANCE_END);
    return InputImage.CONTROL.isGiven(row) && start >= end
        ? Optional.of(
            "Cannot use control_guidance_start: it must be below control_guidance_end (%s and %s)"
                .formatted(start, end))
        : Optional.empty();
  }

  /** Each takes the row's seed + its index, in 64 bits: the largest is followed by the smallest. */
  private static List<ImageRequest> requests(String id, Values row) {
    long seed = row.get(Parameters.SEED);
    return IntStream.range(0, row.get(Parameters.NUM_IMAGES))
        .mapToObj(i -> ImageRequest.checked(id, i, row.with(Parameters.SEED.of(seed + i))))
        .toList();
  }

  /** The requests, one for each image, by image index. */
  record Valid(List<ImageRequest> requests) implements RowRequests {

    /** Keeps a copy. */
    public Valid {
      requests = List.copyOf(requests);
    }
  }

  /**
   * All reasons why the row gives no image.
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
