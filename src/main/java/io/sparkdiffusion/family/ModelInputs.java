package io.sparkdiffusion.family;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.request.InputImage;
import java.io.Serializable;
import java.util.List;

/**
 * Which input images a model needs and takes.
 *
 * @param noEncoder why its VAE cannot read images; empty where it can
 */
public record ModelInputs(ModelKind kind, String noEncoder) implements Serializable {

  /** Of a model that is drawn with by texts, and from images where it is asked. */
  public static final ModelInputs OF_TEXTS = new ModelInputs(ModelKind.TEXT_TO_IMAGE, "");

  /** Looks at the encoder's weights too, which images from texts do without. */
  static ModelInputs of(ModelFolder folder, Networks networks) {
    if (networks.kind() == ModelKind.UPSCALING) {
      return new ModelInputs(ModelKind.UPSCALING, ""); // it sees pixels
    }
    String noEncoder = "";
    try {
      ImageEncoderNetwork.check(folder);
    } catch (ProblemsException e) {
      noEncoder = String.join("; ", e.problems());
    }
    return new ModelInputs(networks.kind(), noEncoder);
  }

  /**
   * Makes sure that the model can draw from input images.
   *
   * @throws ProblemsException where it needs others, or cannot read them
   */
  public void require(List<InputImage> given) {
    if (!given.containsAll(kind.needs())) {
      throw new ProblemsException(
          "Cannot use the model: this is %s (%s)"
              .formatted(
                  kind.told(), given.isEmpty() ? "neither" : ModelKind.names(given) + " alone"));
    }
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
