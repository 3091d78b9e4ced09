package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.WeightFormat;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** The three networks of a model folder. */
public enum Component {
  /** CLIP's text transformer. */
  TEXT_ENCODER(
      "text_encoder",
      "model",
      "flax_model",
      name -> name.equals("text_model.embeddings.position_ids"),
      UnaryOperator.identity()),
  /** The denoiser. */
  UNET(
      "unet",
      "diffusion_pytorch_model",
      "diffusion_flax_model",
      name -> false,
      UnaryOperator.identity()),
  /** The autoencoder, of which only the decoder is used. */
  VAE(
      "vae",
      "diffusion_pytorch_model",
      "diffusion_flax_model",
      name -> name.startsWith("encoder.") || name.startsWith("quant_conv."),
      Component::newAttentionName);

  private static final Pattern WRAPPED =
      Pattern.compile("^module\\.|(?<=^|\\.)(_orig_mod|_fsdp_wrapped_module)\\.");

  private final String folder;
  private final String fileName;
  private final String flaxFileName;
  private final Predicate<String> unused;
  private final UnaryOperator<String> currentName;

  Component(
      String folder,
      String fileName,
      String flaxFileName,
      Predicate<String> unused,
      UnaryOperator<String> currentName) {
    this.folder = folder;
    this.fileName = fileName;
    this.flaxFileName = flaxFileName;
    this.unused = unused;
    this.currentName = currentName;
  }

  /** The name of its folder. */
  public String folder() {
    return folder;
  }

  /** The name of its weight files before the extensions. */
  String fileName(WeightFormat format) {
    return switch (format) {
      case SAFETENSORS -> fileName;
      case FLAX -> flaxFileName;
    };
  }

  /** True for tensors that a file may hold and no image needs. */
  boolean isUnused(String name) {
    return unused.test(name);
  }

  /**
   * Today's name of a tensor that may be stored under an old one, or under one of a module that
   * torch.compile or parallel training has wrapped, which changes nothing but the name.
   */
  String currentName(String stored) {
    return currentName.apply(WRAPPED.matcher(stored).replaceAll(""));
  }

  /** The VAE's attention was renamed in diffusers 0.12 (attention_processor.py). */
  private static String newAttentionName(String stored) {
    return stored.contains(".attentions.")
        ? stored
            .replace(".query.", ".to_q.")
            .replace(".key.", ".to_k.")
            .replace(".value.", ".to_v.")
            .replace(".proj_attn.", ".to_out.0.")
        : stored;
  }

  @Override
  public String toString() {
    return folder;
  }
}
