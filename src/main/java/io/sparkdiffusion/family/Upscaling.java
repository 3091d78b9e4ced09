package io.sparkdiffusion.family;

import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.request.Start;
import io.sparkdiffusion.sampler.NoiseLevel;
import io.sparkdiffusion.sampler.SchedulerConfig;
import io.sparkdiffusion.sampler.Schedulers;
import io.sparkdiffusion.unet.UnetConfig;
import io.sparkdiffusion.vae.VaeConfig;
import java.nio.file.Path;
import java.util.Map;

/**
 * What an upscaling model has beside its networks (diffusers, StableDiffusionUpscalePipeline): its
 * UNet sees a small image under noise, one pixel for each latent, and is told how much noise that
 * is by the number of a class.
 *
 * @param mostNoise the highest level of that noise, {@code max_noise_level}
 * @param noise the levels, which {@code low_res_scheduler} describes
 */
public record Upscaling(int mostNoise, SchedulerConfig noise) {

  /** Of the small image: red, green and blue. */
  public static final long CHANNELS = 3;

  static final String SCHEDULER = "low_res_scheduler/scheduler_config.json";

  /** Its pipeline takes this one, whatever the VAE's configuration says. */
  static final double SCALING_FACTOR = 0.08333;

  private static final String MOST_NOISE = "max_noise_level";
  private static final int USUAL_MOST_NOISE = 350;

  /**
   * Reads what a folder says.
   *
   * @throws ProblemsException with everything that does not fit
   */
  static Upscaling read(Path root, UnetConfig unet, VaeConfig vae) {
    Problems problems = new Problems();
    if (vae.compression() != Start.Upscaled.SCALE) {
      problems.add(
          "Cannot use %s: an upscaling model's VAE has %s pixels for each latent (%s)"
              .formatted(root, Start.Upscaled.SCALE, vae.compression()));
    }
    Map<String, Object> json = StrictJson.read(root.resolve(SCHEDULER));
    SchedulerConfig noise = ModelFacts.scheduler(new Schedulers(json, Map.of()), "ddpm");
    Path index = root.resolve("model_index.json");
    Object most = StrictJson.read(index).getOrDefault(MOST_NOISE, USUAL_MOST_NOISE);
    long levels = Math.min(noise.trainTimesteps(), unet.classes());
    if (most instanceof Integer number && number >= 0 && number < levels) {
      problems.throwIfAny();
      return new Upscaling(number, noise);
    }
    problems.add(
        "Cannot use %s of %s: it must be a whole number below num_class_embeds and num_train_timesteps, 0 to %s (%s)"
            .formatted(MOST_NOISE, index, levels - 1, Shown.value(most)));
    throw new ProblemsException(problems.lines());
  }

  /** How much of the small image and of noise there is at a level, 0 to {@link #mostNoise}. */
  public NoiseLevel at(int level) {
    return noise.noiseLevel(level);
  }
}
