package io.sparkdiffusion.prompt;

import java.util.List;

/**
 * One row of the prompt table. A component is null where the table has no such column or the cell
 * is null; {@link RowDefaults} stands in.
 */
public record PromptRow(
    String id,
    String prompt,
    String negativePrompt,
    Long seed,
    Integer numInferenceSteps,
    Double guidanceScale,
    Double guidanceRescale,
    Integer heightPixels,
    Integer widthPixels,
    Integer numImages,
    String scheduler,
    Double eta) {

  /** The columns that are read, in the order of the components; all but the first two optional. */
  public static final List<String> COLUMNS =
      List.of(
          "id",
          "prompt",
          "negative_prompt",
          "seed",
          "num_inference_steps",
          "guidance_scale",
          "guidance_rescale",
          "height",
          "width",
          "num_images",
          "scheduler",
          "eta");

  /** A row with nothing but a prompt. */
  public static PromptRow of(String id, String prompt) {
    return new PromptRow(id, prompt, null, null, null, null, null, null, null, null, null, null);
  }

  /** The row that {@code prompt=} on the command line stands for: the job's seed as it is. */
  public static PromptRow single(String prompt, long jobSeed) {
    return new PromptRow(
        "prompt", prompt, null, jobSeed, null, null, null, null, null, null, null, null);
  }

  /**
   * The request for one of the row's pictures, which takes the row's seed + {@code imageIndex} (in
   * 64 bits, so that the largest seed is followed by the smallest).
   */
  ImageRequest request(int imageIndex) {
    return new ImageRequest(
        id,
        imageIndex,
        prompt,
        negativePrompt,
        seed + imageIndex,
        numInferenceSteps,
        guidanceScale,
        guidanceRescale,
        heightPixels,
        widthPixels,
        scheduler,
        eta);
  }

  /** The id alone: texts stay out of logs. */
  @Override
  public String toString() {
    return "PromptRow[id=" + id + "]";
  }
}
