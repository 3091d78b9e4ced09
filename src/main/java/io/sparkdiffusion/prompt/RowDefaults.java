package io.sparkdiffusion.prompt;

import java.io.Serializable;
import java.util.Objects;

/**
 * What a row takes from the configuration where it has no value of its own.
 *
 * @param jobSeed rows without a seed derive theirs from it and their id
 */
public record RowDefaults(
    String negativePrompt,
    long jobSeed,
    int numImages,
    int numInferenceSteps,
    double guidanceScale,
    double guidanceRescale,
    int heightPixels,
    int widthPixels,
    String scheduler,
    double eta)
    implements Serializable {

  /** The row with a value in every component but id and prompt. */
  PromptRow complete(PromptRow row) {
    return new PromptRow(
        row.id(),
        row.prompt(),
        or(row.negativePrompt(), negativePrompt),
        row.seed() == null ? RowSeed.of(jobSeed, Objects.toString(row.id(), "")) : row.seed(),
        or(row.numInferenceSteps(), numInferenceSteps),
        or(row.guidanceScale(), guidanceScale),
        or(row.guidanceRescale(), guidanceRescale),
        or(row.heightPixels(), heightPixels),
        or(row.widthPixels(), widthPixels),
        or(row.numImages(), numImages),
        or(row.scheduler(), scheduler),
        or(row.eta(), eta));
  }

  private static <T> T or(T own, T fallback) {
    return Objects.requireNonNullElse(own, fallback);
  }

  /** Everything but the text. */
  @Override
  public String toString() {
    return "RowDefaults[jobSeed=%s, numImages=%s, steps=%s, guidance=%s, rescale=%s, %sx%s, %s, %s]"
        .formatted(
            jobSeed,
            numImages,
            numInferenceSteps,
            guidanceScale,
            guidanceRescale,
            widthPixels,
            heightPixels,
            scheduler,
            eta);
  }
}
