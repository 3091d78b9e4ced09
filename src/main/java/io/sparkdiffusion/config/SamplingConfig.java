package io.sparkdiffusion.config;

import java.io.Serializable;

/**
 * What a row takes where it has no value of its own.
 *
 * @param negativePrompt concepts to avoid, empty for none
 * @param seed the job's seed
 * @param numImages pictures for each row
 * @param numInferenceSteps denoising steps
 * @param guidanceScale strength of classifier-free guidance
 * @param guidanceRescale share of the rescaled guidance
 * @param heightPixels a multiple of 8
 * @param widthPixels a multiple of 8
 * @param scheduler the sampler's name
 * @param eta share of DDIM's noise
 */
public record SamplingConfig(
    String negativePrompt,
    long seed,
    int numImages,
    int numInferenceSteps,
    double guidanceScale,
    double guidanceRescale,
    int heightPixels,
    int widthPixels,
    String scheduler,
    double eta)
    implements Serializable {

  /** As for a row's texts. */
  static final int LONGEST_TEXT = 100_000;

  static final String LENGTH_RULE = "it must have at most " + LONGEST_TEXT + " characters";

  static final String SIZE_RULE = "it must be a multiple of 8 from 8 to 4096";

  /** Checks the values; the same rules hold for a row of the prompt table. */
  public SamplingConfig {
    Problems problems = new Problems();
    problems.require(
        negativePrompt.length() <= LONGEST_TEXT,
        "negative_prompt",
        LENGTH_RULE,
        negativePrompt.length());
    problems.require(
        numImages >= 1 && numImages <= 10_000, "num_images", "it must be 1 to 10000", numImages);
    problems.require(
        numInferenceSteps >= 1 && numInferenceSteps <= 1000,
        "num_inference_steps",
        "it must be 1 to 1000",
        numInferenceSteps);
    problems.require(
        Double.isFinite(guidanceScale) && guidanceScale >= 0,
        "guidance_scale",
        "it must be finite and 0 or more",
        guidanceScale);
    problems.require(
        isShare(guidanceRescale), "guidance_rescale", "it must be 0 to 1", guidanceRescale);
    problems.require(isSize(heightPixels), "height", SIZE_RULE, heightPixels);
    problems.require(isSize(widthPixels), "width", SIZE_RULE, widthPixels);
    problems.require(scheduler.equals("ddim"), "scheduler", "it must be ddim", scheduler);
    problems.require(isShare(eta), "eta", "it must be 0 to 1", eta);
    problems.throwIfAny();
  }

  static boolean isSize(int pixels) {
    return pixels >= 8 && pixels <= 4096 && pixels % 8 == 0;
  }

  private static boolean isShare(double value) {
    return value >= 0 && value <= 1;
  }

  /** Everything but the text. */
  @Override
  public String toString() {
    return "SamplingConfig[seed=%s, numImages=%s, steps=%s, guidance=%s, rescale=%s, %sx%s, %s, %s]"
        .formatted(
            seed,
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
