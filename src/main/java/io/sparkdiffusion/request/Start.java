package io.sparkdiffusion.request;

import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** What denoising starts from. */
public sealed interface Start extends Serializable {

  /** What only images that start from others depend on. */
  List<Parameter<?>> PARAMETERS =
      List.of(
          Parameters.INIT_IMAGE,
          Parameters.INIT_IMAGE_SHA256,
          Parameters.INIT_IMAGE_FIT,
          Parameters.STRENGTH);

  /** What the request hash holds of it, by name; nothing of noise, which the seed decides. */
  Map<String, Object> canonical();

  /**
   * The step that denoising begins with, where it does not begin with noise alone.
   *
   * @param steps of a whole run
   */
  OptionalInt firstStep(int steps);

  /** What an image's values say. */
  static Start of(Values values) {
    return values
        .find(Parameters.INIT_IMAGE_SHA256)
        .filter(hash -> !hash.isEmpty())
        .<Start>map(
            hash ->
                new FromImage(
                    hash, values.get(Parameters.STRENGTH), values.get(Parameters.INIT_IMAGE_FIT)))
        .orElseGet(Noise::new);
  }

  /** Noise of the image's own seed. */
  record Noise() implements Start {
    @Override
    public Map<String, Object> canonical() {
      return Map.of();
    }

    @Override
    public OptionalInt firstStep(int steps) {
      return OptionalInt.empty();
    }
  }

  /**
   * Another image with noise over it.
   *
   * @param sha256 of the image file's bytes, in hex; the image itself does not travel with requests
   * @param strength share of the steps that are taken, 0 to 1
   * @param fit how the image comes to the size that is asked for, of {@link InitImageFit}
   */
  record FromImage(String sha256, double strength, String fit) implements Start {
    @Override
    public Map<String, Object> canonical() {
      return Map.of(
          Parameters.INIT_IMAGE_SHA256.name(),
          sha256,
          Parameters.STRENGTH.name(),
          strength,
          Parameters.INIT_IMAGE_FIT.name(),
          fit);
    }

    @Override
    public OptionalInt firstStep(int steps) {
      return OptionalInt.of(steps - taken(steps, strength));
    }

    /** How many of a run's steps are taken (diffusers, get_timesteps). */
    public static int taken(int steps, double strength) {
      return Math.min((int) (steps * strength), steps);
    }
  }
}
