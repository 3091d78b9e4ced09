package io.sparkdiffusion.family;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.request.Start;
import io.sparkdiffusion.request.Values;
import java.io.Serializable;
import java.util.List;

/**
 * Which input images a model needs and takes.
 *
 * @param noEncoder why its VAE cannot read images; empty where it can, or need not
 * @param mostNoise the highest noise level of an upscaling model
 */
public record ModelInputs(ModelKind kind, String noEncoder, int mostNoise) implements Serializable {

  /** Of a model that is drawn with by texts, and from images where it is asked. */
  public static final ModelInputs OF_TEXTS = new ModelInputs(ModelKind.TEXT_TO_IMAGE, "", 0);

  /** Looks at the encoder's weights too, which images from texts do without. */
  public static ModelInputs of(ModelFolder folder, Networks networks) {
    if (networks.upscaling().isPresent()) {
      return new ModelInputs(networks.kind(), "", networks.upscaling().get().mostNoise());
    }
    String noEncoder = "";
    try {
      ImageEncoderNetwork.check(folder);
    } catch (ProblemsException e) {
      noEncoder = String.join("; ", e.problems());
    }
    return new ModelInputs(networks.kind(), noEncoder, 0);
  }

  private String none() {
    return kind.needs().size() == 1 ? "none" : "neither";
  }

  /** A request as such a model takes it: one that upscales knows no strength. */
  public ImageRequest settled(ImageRequest request) {
    return kind == ModelKind.UPSCALING ? request.upscaled() : request;
  }

  /**
   * Makes sure that the model can upscale an image under so much noise.
   *
   * @throws ProblemsException where it was trained for less; others have no use for it
   */
  public void requireNoise(int level) {
    if (kind == ModelKind.UPSCALING && level > mostNoise) {
      throw new ProblemsException(
          "Cannot use noise_level: it must be at most the model's max_noise_level, %s (%s)"
              .formatted(mostNoise, level));
    }
  }

  /**
   * Makes sure that a step is taken over an image that is drawn over.
   *
   * @param row with its strength and the number of its steps
   * @throws ProblemsException where none is
   */
  public void requireStep(Values row) {
    if (kind != ModelKind.UPSCALING) {
      Start.problem(row)
          .ifPresent(
              problem -> {
                throw new ProblemsException(problem);
              });
    }
  }

  /**
   * Makes sure that the model can make a planned image.
   *
   * @throws ProblemsException where it cannot, with the first reason
   */
  public void require(ImageRequest request) {
    requireNeeded(request.inputs());
    requireTaken(request.inputs());
    requireStep(request.values());
    if (request.start() instanceof Start.Upscaled start) {
      requireNoise(start.noiseLevel());
    }
  }

  /**
   * Makes sure that there is all that the model needs.
   *
   * @throws ProblemsException where it is not
   */
  public void requireNeeded(List<InputImage> given) {
    if (!given.containsAll(kind.needs())) {
      throw new ProblemsException(
          "Cannot use the model: this is %s (%s)"
              .formatted(
                  kind.told(), given.isEmpty() ? none() : ModelKind.names(given) + " alone"));
    }
  }

  /**
   * Makes sure that the model can draw from input images.
   *
   * @throws ProblemsException where it has no use for one, or cannot read them
   */
  public void requireTaken(List<InputImage> given) {
    List<InputImage> useless = given.stream().filter(input -> !kind.takes(input)).toList();
    if (!useless.isEmpty()) {
      throw new ProblemsException(
          "Cannot use %s: the model must take it (this is %s)"
              .formatted(ModelKind.names(useless), kind.told()));
    }
    if (given.contains(InputImage.INIT) && !noEncoder.isEmpty()) {
      throw new ProblemsException(
          "Cannot use init_image: the model's vae must have an encoder, take the whole vae folder (%s)"
              .formatted(noEncoder));
    }
  }
}
