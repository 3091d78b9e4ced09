package io.sparkdiffusion.family;

import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.unet.UnetConfig;
import io.sparkdiffusion.vae.VaeConfig;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What a model is for: which input images its UNet was trained to see beside the latents. */
public enum ModelKind {
  /** It sees the latents alone; an image can be begun with all the same. */
  TEXT_TO_IMAGE("a text-to-image model", List.of()),
  /**
   * It sees a mask, and the latents of what that leaves of an image (diffusers,
   * StableDiffusionInpaintPipeline).
   */
  INPAINTING("an inpainting model", List.of(InputImage.INIT, InputImage.MASK)),
  /** It sees the depth of an image (diffusers, StableDiffusionDepth2ImgPipeline). */
  DEPTH("a depth model", List.of(InputImage.INIT, InputImage.DEPTH)),
  /** It sees a small image under noise (diffusers, StableDiffusionUpscalePipeline). */
  UPSCALING("an upscaling model", List.of(InputImage.INIT));

  private final String label;
  private final List<InputImage> needs;

  ModelKind(String label, List<InputImage> needs) {
    this.label = label;
    this.needs = needs;
  }

  /** By how many channels a UNet takes beside the latents'; nothing where none takes so many. */
  static Optional<ModelKind> of(UnetConfig unet, VaeConfig vae) {
    return Arrays.stream(values()).filter(kind -> kind.isOf(unet, vae)).findFirst();
  }

  /** Whether a UNet was trained for this; for upscaling it is told the number of a class too. */
  boolean isOf(UnetConfig unet, VaeConfig vae) {
    return unet.inChannels() - vae.latentChannels() == besideLatents(vae.latentChannels())
        && unet.classes() > 0 == (this == UPSCALING);
  }

  private long besideLatents(long latentChannels) {
    return switch (this) {
      case TEXT_TO_IMAGE -> 0;
      case INPAINTING -> 1 + latentChannels;
      case DEPTH -> 1;
      case UPSCALING -> Upscaling.CHANNELS;
    };
  }

  /** The input images without which it draws nothing. */
  public List<InputImage> needs() {
    return needs;
  }

  /** Whether it can do anything with an input image. */
  boolean takes(InputImage input) {
    return switch (input) {
      case INIT -> true;
      case MASK -> this == TEXT_TO_IMAGE || this == INPAINTING;
      case DEPTH -> this == DEPTH;
      case CONTROL, CONTROL_2, CONTROL_3 -> true; // what looks at them says so
    };
  }

  /** What it is, and what it needs where that is more than a text. */
  public String told() {
    return needs.isEmpty() ? label : "%s: it needs %s".formatted(label, names(needs));
  }

  static String names(List<InputImage> inputs) {
    return inputs.stream().map(input -> input.path().name()).collect(Collectors.joining(" and "));
  }
}
