package io.sparkdiffusion.request;

/**
 * What the images of one UNet batch share; texts, seeds and guidance vary inside a batch.
 *
 * @param shared values of the parameters in which images of a batch must not differ
 * @param guided false where guidance is at most 1 and the unconditional half is skipped
 */
public record BatchKey(Values shared, boolean guided) {

  public int numInferenceSteps() {
    return shared.get(Parameters.NUM_INFERENCE_STEPS);
  }

  public int heightPixels() {
    return shared.get(Parameters.HEIGHT);
  }

  public int widthPixels() {
    return shared.get(Parameters.WIDTH);
  }

  /** Whether images larger than a tile are decoded in tiles. */
  public boolean isTiled() {
    return shared.get(Parameters.VAE_TILING).equals(VaeTiling.ON);
  }

  public String scheduler() {
    return shared.get(Parameters.SCHEDULER);
  }

  public double eta() {
    return shared.get(Parameters.ETA);
  }
}
