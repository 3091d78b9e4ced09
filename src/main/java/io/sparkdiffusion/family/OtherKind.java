package io.sparkdiffusion.family;

import java.util.Arrays;
import java.util.Optional;

/** Models that look like those here and need more than a text, which nothing here gives them. */
enum OtherKind {
  INPAINTING(
      9,
      "StableDiffusionInpaintPipeline",
      "this is an inpainting model: it needs an image and a mask with every text"),
  DEPTH(
      5,
      "StableDiffusionDepth2ImgPipeline",
      "this is a depth model: it needs an image and its depth with every text");

  private final long channels;
  private final String pipeline;
  private final String need;

  OtherKind(long channels, String pipeline, String need) {
    this.channels = channels;
    this.pipeline = pipeline;
    this.need = need;
  }

  /** By how many channels its UNet takes. */
  static Optional<OtherKind> ofChannels(long channels) {
    return Arrays.stream(values()).filter(kind -> kind.channels == channels).findFirst();
  }

  /** By the class that {@code model_index.json} names. */
  static Optional<OtherKind> ofPipeline(Object name) {
    return Arrays.stream(values()).filter(kind -> kind.pipeline.equals(name)).findFirst();
  }

  /** What it is, what it needs, and what to use. */
  String told() {
    return need + "; use a text-to-image model, which init_image goes with too";
  }
}
