package io.sparkdiffusion.family;

import io.sparkdiffusion.sampler.PredictionType;
import io.sparkdiffusion.sampler.SchedulerConfig;
import io.sparkdiffusion.unet.UnetConfig;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Whether a scheduler's prediction type goes with a UNet: no file of the UNet says what it
 * predicts, and with the other type images are noise. The published models of Stable Diffusion 2
 * tell by their size: 768 pixels predict velocity, 512 noise; only 2.1's at 768 raises attention to
 * float32.
 */
final class PredictionDoubt {

  private static final List<Long> WIDTHS = List.of(320L, 640L, 1280L, 1280L);
  private static final long TEXT_WIDTH = 1024;
  private static final long SIZE_OF_VELOCITY = 96;
  private static final long SIZE_OF_NOISE = 64;

  private PredictionDoubt() {}

  /** What to say where they do not go together. */
  static Optional<String> of(UnetConfig unet, SchedulerConfig scheduler) {
    return usual(unet)
        .filter(usual -> usual != scheduler.predictionType())
        .map(
            usual ->
                ("the scheduler's prediction_type is %s (where it says none, epsilon), but UNets with"
                        + " sample_size %s, cross_attention_dim %s and upcast_attention %s usually"
                        + " predict %s; where images are noise, set"
                        + " diffusion_scheduler_config='{prediction_type: %s}'")
                    .formatted(
                        name(scheduler.predictionType()),
                        unet.sampleSize(),
                        unet.crossAttentionWidth(),
                        unet.upcastAttention(),
                        name(usual),
                        name(usual)));
  }

  private static Optional<PredictionType> usual(UnetConfig unet) {
    boolean isOf2 = unet.widths().equals(WIDTHS) && unet.crossAttentionWidth() == TEXT_WIDTH;
    if (unet.upcastAttention() || (isOf2 && unet.sampleSize() == SIZE_OF_VELOCITY)) {
      return Optional.of(PredictionType.V_PREDICTION);
    }
    return isOf2 && unet.sampleSize() == SIZE_OF_NOISE
        ? Optional.of(PredictionType.EPSILON)
        : Optional.empty();
  }

  private static String name(PredictionType type) {
    return type.name().toLowerCase(Locale.ROOT);
  }
}
