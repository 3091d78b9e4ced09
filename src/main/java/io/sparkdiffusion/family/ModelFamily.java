package io.sparkdiffusion.family;

import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.vae.AutoencoderKlDecoder;
import io.sparkdiffusion.vae.AutoencoderKlEncoder;
import io.sparkdiffusion.weights.Manifest;
import io.sparkdiffusion.weights.NetworkFiles;
import io.sparkdiffusion.weights.NetworkWeights;
import io.sparkdiffusion.weights.WeightFiles;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * A kind of model: which parts it has, of which classes they are, what their files are called,
 * which tensors no image needs. {@link Conditioning} is what its UNet is told.
 */
public enum ModelFamily {

  /**
   * Stable Diffusion 1 and 2 and what is made of them, SD-Turbo among it: one CLIP text encoder,
   * whose last hidden states are all that the UNet is told (diffusers, StableDiffusionPipeline; its
   * pipelines from images have the same parts, one of them a scheduler more, {@link ModelKind}).
   */
  STABLE_DIFFUSION(
      List.of(
          "StableDiffusionPipeline",
          "StableDiffusionImg2ImgPipeline",
          "StableDiffusionInpaintPipeline",
          "StableDiffusionDepth2ImgPipeline",
          "StableDiffusionUpscalePipeline"),
      Map.of(
          "text_encoder", List.of("CLIPTextModel"),
          "tokenizer", List.of("CLIPTokenizer", "CLIPTokenizerFast"),
          "unet", List.of("UNet2DConditionModel"),
          "vae", List.of("AutoencoderKL")),
      Map.of(
          Component.TEXT_ENCODER,
          new NetworkFiles(
              Component.TEXT_ENCODER.folder(),
              "model",
              "flax_model",
              name -> name.equals("text_model.embeddings.position_ids"),
              UnaryOperator.identity()),
          Component.UNET,
          new NetworkFiles(
              Component.UNET.folder(),
              "diffusion_pytorch_model",
              "diffusion_flax_model",
              name -> false,
              UnaryOperator.identity()),
          Component.VAE,
          new NetworkFiles(
              Component.VAE.folder(),
              "diffusion_pytorch_model",
              "diffusion_flax_model",
              AutoencoderKlEncoder::hasWeight,
              ModelFamily::newAttentionName)),
      new NetworkFiles(
          Component.VAE.folder(),
          "diffusion_pytorch_model",
          "diffusion_flax_model",
          AutoencoderKlDecoder::hasWeight,
          ModelFamily::newAttentionName),
      List.of("depth_estimator", "feature_extractor", "safety_checker", "unet_ema"));

  private static final List<String> DESCRIPTIONS =
      List.of(
          "model_index.json",
          "scheduler/scheduler_config.json",
          Upscaling.SCHEDULER,
          "tokenizer/vocab.json",
          "tokenizer/merges.txt",
          "tokenizer/tokenizer.json",
          "tokenizer/added_tokens.json",
          "tokenizer/special_tokens_map.json",
          "tokenizer/tokenizer_config.json");

  private final List<String> pipelines;
  private final SortedMap<String, List<String>> classes;
  private final Map<Component, NetworkFiles> networks;
  private final NetworkFiles imageEncoder;
  private final List<String> unusedFolders;

  ModelFamily(
      List<String> pipelines,
      Map<String, List<String>> classes,
      Map<Component, NetworkFiles> networks,
      NetworkFiles imageEncoder,
      List<String> unusedFolders) {
    this.pipelines = pipelines;
    this.classes = new TreeMap<>(classes);
    this.networks = networks;
    this.imageEncoder = imageEncoder;
    this.unusedFolders = unusedFolders;
  }

  /** The classes of pipelines that load it, the usual one first. */
  List<String> pipelines() {
    return pipelines;
  }

  /** The classes that each part may be of. */
  SortedMap<String, List<String>> classes() {
    return classes;
  }

  /** How a network's weights are called. */
  public NetworkFiles files(Component component) {
    return Objects.requireNonNull(networks.get(component));
  }

  /** Folders that may lie beside the parts and are not used. */
  List<String> unusedFolders() {
    return unusedFolders;
  }

  /** The small files that decide an image, by path relative to the folder. */
  List<String> descriptions() {
    Stream<String> configurations =
        Arrays.stream(Component.values()).map(component -> component.folder() + "/config.json");
    return Stream.concat(DESCRIPTIONS.stream(), configurations).toList();
  }

  /** The folders that hold any model's files, the first its own, by path relative to it. */
  public static List<String> folders() {
    Stream<String> parts = Arrays.stream(Component.values()).map(Component::folder);
    return Stream.concat(Stream.of("", "scheduler", "low_res_scheduler", "tokenizer"), parts)
        .toList();
  }

  /** True for the small files that tell which others a model needs. */
  public static boolean isDescription(String path) {
    return path.equals(Manifest.NAME)
        || Arrays.stream(values())
            .anyMatch(
                family ->
                    family.descriptions().contains(path)
                        || WeightFiles.isIndex(path, family.networks()));
  }

  /** True for what lies in a network's folder, where its weights are. */
  public static boolean isInNetworkFolder(String path) {
    return Arrays.stream(Component.values())
        .anyMatch(component -> path.startsWith(component.folder() + "/"));
  }

  /** True for a file that, where it is there, no other is preferred to. */
  boolean isUsedWherePresent(String path, WeightChoice choice) {
    return descriptions().contains(path) || WeightFiles.isPreferred(path, choice, networks());
  }

  /**
   * The files of a network in a folder, which may hold this network alone.
   *
   * @throws io.sparkdiffusion.config.ProblemsException where there is none
   */
  public List<Path> weightFiles(Path root, WeightChoice choice, Component component) {
    return new WeightFiles(root, choice, networks()).find(files(component));
  }

  /**
   * A network's stored tensors; no weight is read.
   *
   * @param wanted name and shape of each weight that the network asks for
   * @throws io.sparkdiffusion.config.ProblemsException with all differences
   */
  public NetworkWeights weights(
      Path root, WeightChoice choice, Component component, Map<String, Shape> wanted) {
    return NetworkWeights.check(weightFiles(root, choice, component), files(component), wanted);
  }

  /**
   * The stored tensors of the VAE's encoder, which lie in the decoder's files; no weight is read.
   *
   * @param wanted name and shape of each weight that the encoder asks for
   * @throws io.sparkdiffusion.config.ProblemsException with all differences
   */
  public NetworkWeights imageEncoderWeights(
      Path root, WeightChoice choice, Map<String, Shape> wanted) {
    return NetworkWeights.check(weightFiles(root, choice, Component.VAE), imageEncoder, wanted);
  }

  private List<NetworkFiles> networks() {
    return Arrays.stream(Component.values()).map(this::files).toList();
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
}
