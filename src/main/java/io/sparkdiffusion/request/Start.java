package io.sparkdiffusion.request;

import java.io.Serializable;
import java.util.Optional;
import java.util.OptionalInt;

/** What denoising starts from. */
public sealed interface Start extends Serializable {

  /**
   * The step that denoising begins with, where it does not begin with noise alone.
   *
   * @param steps of a whole run
   */
  OptionalInt firstStep(int steps);

  /** How many times larger an image is than its input images in each direction. */
  default int scale() {
    return 1;
  }

  /** What an image's values say: one that is upscaled has no strength. */
  static Start of(Values values) {
    if (!InputImage.INIT.isIn(values)) {
      return new Noise();
    }
    return values
        .find(Parameters.STRENGTH)
        .map(strength -> over(strength, values))
        .orElseGet(() -> new Upscaled(values.get(Parameters.NOISE_LEVEL)));
  }

  private static Start over(double strength, Values values) {
    return InputImage.MASK.isIn(values) ? new Masked(strength) : new FromImage(strength);
  }

  /**
   * All values of an image of which some were told, as a table or a file tells them: the others are
   * as usual, but for the strength of what says its noise level instead.
   */
  static Values completed(Values told) {
    Values all = told.withDefaults(Values.usual()).only(Parameter::decidesImage);
    boolean isUpscaled =
        told.find(Parameters.NOISE_LEVEL).isPresent() && told.find(Parameters.STRENGTH).isEmpty();
    return isUpscaled ? all.only(parameter -> parameter != Parameters.STRENGTH) : all;
  }

  /**
   * What is wrong with the strength of an image that is drawn over: with no step it would come out
   * as it came in. What is upscaled has none, so this is asked of those who know the model.
   *
   * @param row with the number of its steps
   */
  static Optional<String> problem(Values row) {
    int steps = row.get(Parameters.NUM_INFERENCE_STEPS);
    return row.find(Parameters.STRENGTH)
        .filter(strength -> InputImage.INIT.isGiven(row) && taken(steps, strength) == 0)
        .map(
            strength ->
                "Cannot use strength: one step must be taken at least (%s of %s steps)"
                    .formatted(strength, steps));
  }

  /** How many of a run's steps are taken over an image (diffusers, get_timesteps). */
  static int taken(int steps, double strength) {
    return Math.min((int) (steps * strength), steps);
  }

  /** Noise of the image's own seed. */
  record Noise() implements Start {
    @Override
    public OptionalInt firstStep(int steps) {
      return OptionalInt.empty();
    }
  }

  /**
   * Another image ({@link InputImage#INIT}) with noise over it.
   *
   * @param strength share of the steps that are taken, 0 to 1
   */
  record FromImage(double strength) implements Start {
    @Override
    public OptionalInt firstStep(int steps) {
      return OptionalInt.of(steps - taken(steps, strength));
    }
  }

  /**
   * Another image with noise over it, of which a mask ({@link InputImage#MASK}) leaves parts as
   * they are. At strength 1 it is noise alone (diffusers, is_strength_max of its inpainting).
   *
   * @param strength share of the steps that are taken, 0 to 1
   */
  record Masked(double strength) implements Start {
    @Override
    public OptionalInt firstStep(int steps) {
      return strength == 1 ? OptionalInt.empty() : OptionalInt.of(steps - taken(steps, strength));
    }
  }

  /**
   * Noise of the image's own seed, while the UNet sees a small image ({@link InputImage#INIT}) all
   * the time.
   *
   * @param noiseLevel how much noise goes over that
   */
  record Upscaled(int noiseLevel) implements Start {

    /** How many times larger it becomes in each direction. */
    public static final int SCALE = 4;

    @Override
    public OptionalInt firstStep(int steps) {
      return OptionalInt.empty();
    }

    @Override
    public int scale() {
      return SCALE;
    }
  }
}
