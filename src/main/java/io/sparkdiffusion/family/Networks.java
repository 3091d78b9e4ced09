package io.sparkdiffusion.family;

import io.sparkdiffusion.adapter.AdapterSet;
import io.sparkdiffusion.adapter.Adapters;
import io.sparkdiffusion.adapter.EmbeddingSet;
import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.text.ClipTextModel;
import io.sparkdiffusion.text.ClipTokenizer;
import io.sparkdiffusion.text.NewToken;
import io.sparkdiffusion.text.TextConfig;
import io.sparkdiffusion.unet.Unet2dConditionModel;
import io.sparkdiffusion.unet.UnetConfig;
import io.sparkdiffusion.vae.AutoencoderKlDecoder;
import io.sparkdiffusion.vae.VaeConfig;
import io.sparkdiffusion.weights.NetworkWeights;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The three networks of a folder as their configurations describe them, with their weights checked
 * and not yet read.
 *
 * @param upscaling what an upscaling model has beside them, of others nothing
 */
public record Networks(
    TextConfig text,
    UnetConfig unet,
    VaeConfig vae,
    Optional<Upscaling> upscaling,
    Map<Component, NetworkWeights> weights) {

  /**
   * Reads the configurations and compares them with each other and with the weight files.
   *
   * @throws ProblemsException with every difference found
   */
  public static Networks check(ModelFolder folder) {
    Problems problems = new Problems();
    Optional<TextConfig> text =
        problems.gather(() -> TextConfig.read(folder.configFile(Component.TEXT_ENCODER)));
    Optional<UnetConfig> unet =
        problems.gather(() -> UnetConfig.read(folder.configFile(Component.UNET)));
    Optional<VaeConfig> vae =
        problems.gather(() -> VaeConfig.read(folder.configFile(Component.VAE)));
    problems.throwIfAny();
    return check(folder, text.orElseThrow(), unet.orElseThrow(), vae.orElseThrow());
  }

  private static Networks check(
      ModelFolder folder, TextConfig text, UnetConfig unet, VaeConfig vae) {
    Problems problems = new Problems();
    differences(folder.root(), text, unet, vae).forEach(problems::add);
    boolean upscales = ModelKind.UPSCALING.isOf(unet, vae);
    Optional<Upscaling> upscaling =
        upscales
            ? problems.gather(() -> Upscaling.read(folder.root(), unet, vae))
            : Optional.empty();
    Map<Component, NetworkWeights> weights = new EnumMap<>(Component.class);
    record(text, unet, vae)
        .forEach(
            (component, graph) ->
                problems
                    .gather(() -> folder.weights(component, graph.weights()))
                    .ifPresent(found -> weights.put(component, found)));
    problems.throwIfAny();
    VaeConfig used = upscales ? vae.withScalingFactor(Upscaling.SCALING_FACTOR) : vae;
    return new Networks(text, unet, used, upscaling, weights);
  }

  /** Reads the folder's tokenizer, for texts of as many tokens as the text encoder takes. */
  public static ClipTokenizer tokenizer(ModelFolder folder) {
    return tokenizer(folder, EmbeddingSet.NONE);
  }

  /** The same with the tokens of embeddings. */
  public static ClipTokenizer tokenizer(ModelFolder folder, EmbeddingSet embeddings) {
    TextConfig text = TextConfig.read(folder.configFile(Component.TEXT_ENCODER));
    ClipTokenizer tokenizer =
        ClipTokenizer.load(
            folder.tokenizerFolder(), Math.toIntExact(text.positions()), tokens(embeddings));
    try {
      tokenizer.requireIdsBelow(text.vocabulary(), folder.root());
      return tokenizer;
    } catch (ProblemsException e) {
      tokenizer.close();
      throw e;
    }
  }

  /**
   * Makes sure that a model can take embeddings.
   *
   * @throws ProblemsException with everything for which it cannot
   */
  public void requireFit(EmbeddingSet embeddings, ModelFolder folder) {
    if (!embeddings.all().isEmpty()) {
      Problems problems = new Problems();
      problems.check(() -> embeddings.requireWidth(text.width()));
      problems.check(() -> ClipTokenizer.requireNew(folder.tokenizerFolder(), tokens(embeddings)));
      problems.throwIfAny();
    }
  }

  private static List<NewToken> tokens(EmbeddingSet embeddings) {
    return embeddings.all().stream()
        .map(token -> new NewToken(token.name(), token.file().vectors()))
        .toList();
  }

  /** Each network at its smallest, for the sake of its weights' names, in a fixed order. */
  private static Map<Component, Graph> record(TextConfig text, UnetConfig unet, VaeConfig vae) {
    return new EnumMap<>(
        Map.of(
            Component.TEXT_ENCODER, smallest(text),
            Component.UNET, smallest(unet),
            Component.VAE, smallest(vae)));
  }

  static Graph smallest(TextConfig text) {
    return new ClipTextModel(text).record();
  }

  static Graph smallest(UnetConfig unet) {
    return new Unet2dConditionModel(unet).record(Dtype.FLOAT32, 1, 1, 1, 1, 1);
  }

  static Graph smallest(VaeConfig vae) {
    return new AutoencoderKlDecoder(vae).record(Dtype.FLOAT32, 1, 1, 1);
  }

  /** A network's call for one image with guidance of the size that it was trained on. */
  public Graph usual(Component component, Dtype dtype) {
    long size = usualSize();
    return switch (component) {
      case TEXT_ENCODER -> new ClipTextModel(text).record();
      case UNET ->
          new Unet2dConditionModel(unet).record(dtype, 1, 2, size, size, conditioning().tokens());
      case VAE -> new AutoencoderKlDecoder(vae).record(dtype, 1, size, size);
    };
  }

  /**
   * The type that the VAE computes in beside a UNet that computes in another: an upscaling model's
   * overflows in float16, unless its configuration says otherwise (diffusers,
   * StableDiffusionUpscalePipeline).
   */
  public Dtype vaeDtype(Dtype dtype) {
    boolean overflows = upscaling.isPresent() && vae.forceUpcast() && dtype == Dtype.FLOAT16;
    return overflows ? Dtype.FLOAT32 : dtype;
  }

  /** A network's stored tensors. */
  public NetworkWeights weights(Component component) {
    return Objects.requireNonNull(weights.get(component));
  }

  /**
   * Adapters, matched with the layers.
   *
   * @throws ProblemsException with everything for which they do not fit
   */
  public Adapters adapters(AdapterSet set) {
    Map<String, Map<String, Shape>> shapes = new HashMap<>();
    weights.forEach((component, found) -> shapes.put(component.folder(), found.shapes()));
    return Adapters.check(set, shapes);
  }

  /** What the model is for. */
  public ModelKind kind() {
    return ModelKind.of(unet, vae).orElseThrow();
  }

  /** What the UNet is told. */
  public Conditioning conditioning() {
    return Conditioning.of(text);
  }

  /**
   * The latents' side in training, or the next at which every level is the half of the one before.
   */
  long usualSize() {
    long multiple = 1L << (unet.widths().size() - 1);
    return (unet.sampleSize() + multiple - 1) / multiple * multiple;
  }

  /** In what the networks of a folder do not go together. */
  static List<String> differences(Path folder, TextConfig text, UnetConfig unet, VaeConfig vae) {
    List<String> problems = new ArrayList<>();
    Conditioning.of(text).problem(folder, unet).ifPresent(problems::add);
    if (ModelKind.of(unet, vae).isEmpty() || unet.outChannels() != vae.latentChannels()) {
      problems.add(
          ("Cannot use %s: a UNet must take and give the VAE's latent_channels, one more for"
                  + " depth, twice as many and one for inpainting, or with classes three more for"
                  + " upscaling (%s and %s, %s)")
              .formatted(folder, unet.inChannels(), unet.outChannels(), vae.latentChannels()));
    }
    return problems;
  }
}
