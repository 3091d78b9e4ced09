package io.sparkdiffusion.family;

import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.config.WeightFormat;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.sampler.Samplers;
import io.sparkdiffusion.sampler.SchedulerConfig;
import io.sparkdiffusion.sampler.Schedulers;
import io.sparkdiffusion.text.ClipTokenizer;
import io.sparkdiffusion.text.TextConfig;
import io.sparkdiffusion.unet.UnetConfig;
import io.sparkdiffusion.vae.VaeConfig;
import io.sparkdiffusion.weights.NetworkWeights;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A folder looked at part by part, so that what is wrong with one hides nothing of another. No
 * device is used.
 */
public final class ModelCheck {

  private final Path root;
  private final WeightChoice weightChoice;
  private final List<Finding> findings = new ArrayList<>();
  private final Set<String> told = new HashSet<>();
  private final Map<Component, NetworkWeights> weights = new EnumMap<>(Component.class);
  private Optional<ModelFolder> folder = Optional.empty();
  private Optional<TextConfig> text = Optional.empty();
  private Optional<UnetConfig> unet = Optional.empty();
  private Optional<VaeConfig> vae = Optional.empty();
  private Optional<SchedulerConfig> scheduler = Optional.empty();

  /**
   * What is wrong with one part.
   *
   * @param problems each {@code Cannot <verb> <thing>: <rule> (<actual value>)}
   * @param fix what to do about them; empty where they say it themselves
   */
  public record Finding(List<String> problems, String fix) {}

  private ModelCheck(Path root, WeightChoice weightChoice) {
    this.root = root;
    this.weightChoice = weightChoice;
  }

  /**
   * Looks at a folder, at Flax's weights where the UNet has no other; no weight is read.
   *
   * @throws io.sparkdiffusion.config.ProblemsException where there is none, or none that might be a
   *     model
   */
  public static ModelCheck of(Path root) {
    ModelFolder.requireFolder(root);
    return of(root, WeightChoice.of(ModelFolder.formatOf(root)));
  }

  /** The same for certain weights. */
  public static ModelCheck of(Path root, WeightChoice weightChoice) {
    ModelFolder.requireFolder(root);
    ModelCheck check = new ModelCheck(root, weightChoice);
    check.lookAtParts();
    return check;
  }

  private void lookAtParts() {
    folder = gather(ModelFixes.LAYOUT, () -> ModelFolder.open(root, weightChoice));
    scheduler = readScheduler();
    text = network(Component.TEXT_ENCODER, TextConfig::read, Networks::smallest);
    unet = network(Component.UNET, UnetConfig::read, Networks::smallest);
    vae = network(Component.VAE, VaeConfig::read, Networks::smallest);
    if (text.isPresent() && unet.isPresent() && vae.isPresent()) {
      add(ModelFixes.OF_ONE_MODEL, Networks.differences(root, text.get(), unet.get(), vae.get()));
      if (ModelKind.UPSCALING.isOf(unet.get(), vae.get())) {
        gather(ModelFixes.LAYOUT, () -> Upscaling.read(root, unet.get(), vae.get()));
      }
    }
    if (hasTokenizer()) {
      gather(ModelFixes.tokenizer(root), this::checkTokenizer);
    }
  }

  private Optional<SchedulerConfig> readScheduler() {
    Path file = root.resolve("scheduler/scheduler_config.json");
    return Files.isRegularFile(file)
        ? gather(
            ModelFixes.scheduler(file),
            () ->
                ModelFacts.scheduler(
                    new Schedulers(StrictJson.read(file), Map.of()), Samplers.DDIM.name()))
        : Optional.empty();
  }

  /** A configuration that is missing has been told with the layout. */
  private <C> Optional<C> network(
      Component component, Function<Path, C> read, Function<C, Graph> record) {
    Path file = root.resolve(component.folder()).resolve("config.json");
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    Optional<C> config = gather(ModelFixes.configuration(file), () -> read.apply(file));
    config
        .flatMap(
            known ->
                gather(
                    ModelFixes.weights(file),
                    () ->
                        ModelFamily.STABLE_DIFFUSION.weights(
                            root, weightChoice, component, record.apply(known).weights())))
        .ifPresent(found -> weights.put(component, found));
    return config;
  }

  private boolean hasTokenizer() {
    Path own = root.resolve("tokenizer");
    return Files.isRegularFile(own.resolve("tokenizer.json"))
        || (Files.isRegularFile(own.resolve("vocab.json"))
            && Files.isRegularFile(own.resolve("merges.txt")));
  }

  private boolean checkTokenizer() {
    int positions = text.map(config -> Math.toIntExact(config.positions())).orElse(77);
    try (ClipTokenizer tokenizer = ClipTokenizer.load(root.resolve("tokenizer"), positions)) {
      text.ifPresent(config -> tokenizer.requireIdsBelow(config.vocabulary(), root));
    }
    return true;
  }

  /**
   * Reads every byte of a folder that has {@code sha256sums.txt}, and compares; not where a file is
   * of another size than its own header says, which may be any.
   */
  public void checkManifest() {
    hashable()
        .ifPresent(
            open ->
                gather(
                    ModelFixes.manifest(root),
                    () -> {
                      open.checkManifest();
                      return true;
                    }));
  }

  /**
   * Reads every byte of a folder that claims to be a published model, and compares.
   *
   * @param name the hub's id; nothing is asked of one that claims to be none
   */
  public void checkPublished(String name) {
    if (PublishedModel.claimedBy(name).isPresent()) {
      hashable()
          .ifPresent(
              open ->
                  gather(
                      ModelFixes.PUBLISHED,
                      () -> {
                        PublishedModel.require(name, root.toString(), open.sums().byFile());
                        return true;
                      }));
    }
  }

  private <T> Optional<T> gather(String fix, Supplier<T> read) {
    Problems problems = new Problems();
    Optional<T> found = problems.gather(read);
    add(problems.saysFix() ? "" : fix, problems.lines());
    return found;
  }

  /** What two checks find is told once. */
  private void add(String fix, List<String> problems) {
    List<String> fresh = problems.stream().filter(told::add).toList();
    if (!fresh.isEmpty()) {
      findings.add(new Finding(fresh, fix));
    }
  }

  /**
   * What does not fit, in the order in which the parts are read; empty where the model is whole.
   */
  public List<Finding> findings() {
    return Collections.unmodifiableList(findings);
  }

  /** Which of the folder's weights have been looked at. */
  public WeightFormat format() {
    return weightChoice.format();
  }

  /** The folder, where all its files are there and none is larger than it can be. */
  public Optional<ModelFolder> hashable() {
    return folder.filter(
        open -> weights.size() == Component.values().length && !open.hasOversizedFile());
  }

  /** The folder, where all its files are there. */
  public Optional<ModelFolder> folder() {
    return folder;
  }

  /** The networks whose weights fit. */
  public Map<Component, NetworkWeights> weights() {
    return Collections.unmodifiableMap(weights);
  }

  /** The schedule, where it can be used. */
  public Optional<SchedulerConfig> scheduler() {
    return scheduler;
  }

  /** The side in pixels of the images that the UNet was trained on. */
  public OptionalLong trainedSizePixels() {
    return unet.isPresent() && vae.isPresent()
        ? OptionalLong.of(unet.get().sampleSize() * vae.get().compression())
        : OptionalLong.empty();
  }

  /** Why the scheduler's prediction type may not be the one that the UNet was trained for. */
  public Optional<String> predictionDoubt() {
    return unet.flatMap(
        network -> scheduler.flatMap(schedule -> PredictionDoubt.of(network, schedule)));
  }

  /** What the model is for, where its UNet is one of a known kind. */
  public Optional<ModelKind> kind() {
    return unet.flatMap(network -> vae.flatMap(autoencoder -> ModelKind.of(network, autoencoder)));
  }

  /** The channels of each of the UNet's levels, none where its configuration does not fit. */
  public List<Long> unetWidths() {
    return unet.map(UnetConfig::widths).orElse(List.of());
  }

  /** The width of the prompt embeddings that the UNet attends to, 0 where that is not known. */
  public long textWidth() {
    return unet.map(UnetConfig::crossAttentionWidth).orElse(0L);
  }
}
