package io.sparkdiffusion.request;

import java.util.List;
import java.util.OptionalInt;

/**
 * What the images of one UNet batch share; texts, seeds and guidance vary inside a batch.
 *
 * @param shared values of the parameters in which images of a batch must not differ
 * @param guided false where guidance is at most 1 and the unconditional half is skipped
 * @param firstStep the step that images with noise over them begin with; empty for noise alone
 * @param inputs what all of them are given
 */
public record BatchKey(
    Values shared, boolean guided, OptionalInt firstStep, List<InputImage> inputs) {

  /** Keeps a copy. */
  public BatchKey {
    inputs = List.copyOf(inputs);
  }

  public int numInferenceSteps() {
    return shared.get(Parameters.NUM_INFERENCE_STEPS);
  }

  /** How many of the steps are taken. */
  public int steps() {
    return numInferenceSteps() - firstStep.orElse(0);
  }

  public int heightPixels() {
    return shared.get(Parameters.HEIGHT);
  }

  public int widthPixels() {
    return shared.get(Parameters.WIDTH);
  }

  /** How much noise goes over images that are upscaled. */
  public int noiseLevel() {
    return shared.get(Parameters.NOISE_LEVEL);
  }

  /** Whether images larger than a tile are decoded in tiles. */
  public boolean isTiled() {
    return shared.get(Parameters.VAE_TILING).equals(VaeTiling.ON);
  }

  /** In which steps ControlNets have a say, where there are any. */
  public ControlRange controlRange() {
    return ControlRange.of(shared);
  }

  public String scheduler() {
    return shared.get(Parameters.SCHEDULER);
  }

  public double eta() {
    return shared.get(Parameters.ETA);
  }
}
