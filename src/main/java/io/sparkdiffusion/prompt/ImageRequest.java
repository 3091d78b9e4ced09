package io.sparkdiffusion.prompt;

import java.io.Serializable;
import java.util.List;

/**
 * One picture to make: the texts and every parameter that decides its bytes.
 *
 * @param id the row's id, never blank
 * @param imageIndex which of the row's pictures, from 0; its seed is already the row's seed plus
 *     this
 * @param prompt what to draw
 * @param negativePrompt what to avoid, empty for nothing
 * @param seed the seed of this picture's own generator
 * @param numInferenceSteps denoising steps, 1 to 1000
 * @param guidanceScale strength of classifier-free guidance; at most 1 is without guidance
 * @param guidanceRescale share of the rescaled guidance, 0 to 1 (arXiv 2305.08891, section 3.4);
 *     without guidance nothing is rescaled
 * @param heightPixels a multiple of 8
 * @param widthPixels a multiple of 8
 * @param scheduler the sampler's name, {@code ddim}
 * @param eta share of DDIM's noise, 0 to 1 (arXiv 2010.02502, formula 16)
 */
public record ImageRequest(
    String id,
    int imageIndex,
    String prompt,
    String negativePrompt,
    long seed,
    int numInferenceSteps,
    double guidanceScale,
    double guidanceRescale,
    int heightPixels,
    int widthPixels,
    String scheduler,
    double eta)
    implements Serializable {

  /** Checks the values. */
  public ImageRequest {
    List<String> broken =
        RequestRules.broken(
            new PromptRow(
                id,
                prompt,
                negativePrompt,
                seed,
                numInferenceSteps,
                guidanceScale,
                guidanceRescale,
                heightPixels,
                widthPixels,
                1,
                scheduler,
                eta));
    if (imageIndex < 0 || negativePrompt == null || !broken.isEmpty()) {
      throw new IllegalArgumentException(
          "Cannot make a request: it must keep the rules of a row "
              + (broken.isEmpty() ? "(image index " + imageIndex + ")" : broken));
    }
  }

  /** What a picture must share with its neighbours in a UNet batch. */
  public BatchKey batchKey() {
    return new BatchKey(numInferenceSteps, heightPixels, widthPixels, scheduler, eta, isGuided());
  }

  /** Whether there is guidance, by diffusers' rule (do_classifier_free_guidance). */
  private boolean isGuided() {
    return guidanceScale > 1;
  }

  /** Which picture and its numbers: texts stay out of logs. */
  @Override
  public String toString() {
    return "ImageRequest[%s image %s, seed %s, %s, rescale %s]"
        .formatted(id, imageIndex, seed, batchKey(), guidanceRescale);
  }
}
