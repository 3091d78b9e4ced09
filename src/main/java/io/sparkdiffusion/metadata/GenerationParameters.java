package io.sparkdiffusion.metadata;

import io.sparkdiffusion.prompt.ImageRequest;
import io.sparkdiffusion.prompt.PromptRow;

/**
 * The {@code parameters} text of AUTOMATIC1111's web UI, which many programs read from PNG files.
 *
 * @param modelHash the first ten hex digits of the model digest
 * @param modelName the model folder's name
 */
public record GenerationParameters(
    String prompt,
    String negativePrompt,
    int numInferenceSteps,
    String scheduler,
    double guidanceScale,
    double guidanceRescale,
    double eta,
    long seed,
    int heightPixels,
    int widthPixels,
    String modelHash,
    String modelName) {

  /** The parameters of one picture. */
  public static GenerationParameters of(
      ImageRequest request, String modelDigest, String modelName) {
    throw new UnsupportedOperationException(request.id() + modelDigest + modelName);
  }

  /** The inverse of {@link #text()}. */
  public static GenerationParameters parse(String text) {
    throw new UnsupportedOperationException(text);
  }

  /** Prompt, negative prompt and settings as lines. */
  public String text() {
    throw new UnsupportedOperationException();
  }

  /** A row that makes the same picture again, as the only one of that row. */
  public PromptRow toRow(String id) {
    throw new UnsupportedOperationException(id);
  }
}
