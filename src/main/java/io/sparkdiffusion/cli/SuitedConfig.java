package io.sparkdiffusion.cli;

import io.sparkdiffusion.metadata.ImageCommand;
import io.sparkdiffusion.sampler.PredictionType;
import io.sparkdiffusion.sampler.SchedulerConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The shipped configuration that goes with a model.
 *
 * @param file in {@code configs/}
 * @param settings what to give beside it, {@code key=value}
 * @param reasons what the model's folder says that decides it
 */
record SuitedConfig(String file, List<String> settings, List<String> reasons) {

  /** Images of the embedded models; real ones begin at 512. */
  private static final long SMALL_PIXELS = 256;

  /** Of Stable Diffusion 1's text states; 2 has 1024. */
  static final long TEXT_WIDTH_OF_1 = 768;

  private static final String TINY = "configs/tiny.yml";
  private static final String TINY_21 = "configs/tiny_21.yml";
  private static final long SMALL_RESOLUTION = 128;
  private static final long USUAL_RESOLUTION = 512;

  /**
   * By the prediction type, the size of the images that a model was trained on, and the width of
   * its text states.
   */
  static SuitedConfig of(SchedulerConfig scheduler, long trainedSizePixels, long textWidth) {
    boolean isSmall = trainedSizePixels < SMALL_PIXELS;
    boolean predictsNoise = scheduler.predictionType() == PredictionType.EPSILON;
    List<String> settings = new ArrayList<>();
    List<String> reasons = new ArrayList<>();
    reasons.add(
        "its scheduler says prediction_type "
            + scheduler.predictionType().name().toLowerCase(Locale.ROOT));
    reasons.add(
        "its UNet was trained on images of %s x %s"
            .formatted(trainedSizePixels, trainedSizePixels));
    if (trainedSizePixels != (isSmall ? SMALL_RESOLUTION : USUAL_RESOLUTION)) {
      settings.add("resolution=" + trainedSizePixels);
    }
    if (scheduler.rescaleBetasZeroSnr()) {
      reasons.add("it has zero terminal SNR, which wants guidance_rescale=0.7");
      if (!isSmall) {
        settings.add("guidance_rescale=0.7");
      }
    }
    return new SuitedConfig(file(isSmall, predictsNoise, textWidth), settings, reasons);
  }

  /** Of a model that makes images larger, by the size of these and the width of its text states. */
  static SuitedConfig ofUpscaler(long trainedSizePixels, long textWidth) {
    boolean isSmall = textWidth < TEXT_WIDTH_OF_1;
    List<String> settings = new ArrayList<>(List.of("init_image=small.png"));
    if (trainedSizePixels != USUAL_RESOLUTION) {
      settings.add("resolution=" + trainedSizePixels);
    }
    List<String> reasons = new ArrayList<>();
    reasons.add("its UNet sees an image beside the latents");
    reasons.add(
        "it was trained to make images of %s x %s".formatted(trainedSizePixels, trainedSizePixels));
    if (isSmall) {
      reasons.add("its text states have %s values, as a small model's".formatted(textWidth));
    }
    return new SuitedConfig(
        isSmall ? "configs/tiny_x4.yml" : "configs/x4_upscaler.yml", settings, reasons);
  }

  private static String file(boolean isSmall, boolean predictsNoise, long textWidth) {
    if (isSmall) {
      return predictsNoise ? TINY : TINY_21;
    }
    if (predictsNoise && textWidth == TEXT_WIDTH_OF_1) {
      return "configs/sd15.yml";
    }
    return predictsNoise ? "configs/base_2_base.yml" : "configs/base21.yml";
  }

  /**
   * A line for a shell that makes images with a model; the small configurations bring prompts.
   *
   * @param model settings that name it
   */
  String command(List<String> model) {
    List<String> words = new ArrayList<>(List.of("./jobs/generate", file));
    words.addAll(model);
    words.addAll(settings);
    if (!file.equals(TINY) && !file.equals(TINY_21)) { // those have a table
      words.add("prompt=a photograph of an astronaut riding a horse");
    }
    return ImageCommand.line(words);
  }
}
