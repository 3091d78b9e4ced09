package io.sparkdiffusion.cli;

import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.WeightFormat;
import io.sparkdiffusion.family.ModelCheck;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.family.ModelKind;
import io.sparkdiffusion.kernel.Processor;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.sampler.SchedulerConfig;
import io.sparkdiffusion.spark.model.CheckedAdditions;
import io.sparkdiffusion.spark.model.LocalModel;
import io.sparkdiffusion.weights.ModelSums;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What {@code jobs/check} says of a model. */
final class ModelReport {

  private static final String MANIFEST = "sha256sums.txt";
  private static final List<Long> PUBLISHED_WIDTHS = List.of(320L, 640L, 1280L, 1280L);
  private static final long TEXT_WIDTH = 1024;

  private final ModelConfig named;
  private final LocalModel model;
  private final ModelCheck check;

  private ModelReport(ModelConfig named, LocalModel model, ModelCheck check) {
    this.named = named;
    this.model = model;
    this.check = check;
  }

  /**
   * Looks at a model; no weight is read.
   *
   * @param named what the user has asked for
   * @param model where that is
   */
  public static ModelReport of(ModelConfig named, LocalModel model) {
    ModelCheck check =
        named.weights().variant().isEmpty()
            ? ModelCheck.of(model.folder())
            : ModelCheck.of(model.folder(), named.weights());
    return new ModelReport(named, model, check);
  }

  /** What the folder is: its parts and their sizes. */
  public List<String> facts() {
    List<String> lines = new ArrayList<>();
    lines.add("Model: " + model.name());
    lines.add("Folder: " + model.folder() + (model.isOfHub() ? " (of a hub's cache)" : ""));
    kind().ifPresent(lines::add);
    check
        .kind()
        .filter(kind -> !kind.needs().isEmpty())
        .ifPresent(kind -> lines.add("This is " + kind.told()));
    check.scheduler().ifPresent(scheduler -> lines.add(schedule(scheduler)));
    lines.addAll(ModelSizes.lines(check));
    Processor processor = Processor.ofThisMachine();
    lines.add(
        "Fast number format on this processor: %s (%s)"
            .formatted(processor.fastest(), processor.reason()));
    check
        .folder()
        .map(ModelFolder::unused)
        .filter(unused -> !unused.isEmpty())
        .ifPresent(unused -> lines.add("Not used: %s/".formatted(String.join("/, ", unused))));
    return lines.stream().map(Shown::line).toList();
  }

  private Optional<String> kind() {
    if (check.unetWidths().isEmpty()) {
      return Optional.empty();
    }
    String widths =
        check.unetWidths().stream().map(String::valueOf).collect(Collectors.joining(", "));
    return Optional.of(
        "Kind: diffusers' layout%s with %s (UNet %s wide, text states %s wide)"
            .formatted(
                check.format() == WeightFormat.FLAX ? ", Flax's weights," : "",
                sizes(),
                widths,
                check.textWidth()));
  }

  private String sizes() {
    boolean isPublished = check.unetWidths().equals(PUBLISHED_WIDTHS);
    if (isPublished && check.textWidth() == TEXT_WIDTH) {
      return "Stable Diffusion 2's sizes";
    }
    return isPublished && check.textWidth() == SuitedConfig.TEXT_WIDTH_OF_1
        ? "Stable Diffusion 1's sizes"
        : "sizes of its own";
  }

  private static String schedule(SchedulerConfig scheduler) {
    return "Schedule: predicts %s, %s timesteps of %s, %s betas from %s to %s%s"
        .formatted(
            small(scheduler.predictionType()),
            small(scheduler.timestepSpacing()),
            scheduler.trainTimesteps(),
            small(scheduler.betaSchedule()),
            plain(scheduler.betaStart()),
            plain(scheduler.betaEnd()),
            scheduler.rescaleBetasZeroSnr() ? ", zero terminal SNR" : "");
  }

  private static String plain(double number) {
    return new BigDecimal(String.valueOf(number)).toPlainString();
  }

  private static String small(Enum<?> name) {
    return name.name().toLowerCase(Locale.ROOT);
  }

  /**
   * The digests of the folder's files, every byte of which is read and compared with a manifest.
   */
  public List<String> digests() {
    check.checkManifest();
    check.checkPublished(model.name());
    List<String> lines = new ArrayList<>();
    if (check.hashable().isPresent()) {
      ModelSums sums = check.hashable().get().sums();
      lines.addAll(List.of("", "Digest: " + sums.digest()));
      sums.byFile().forEach((file, sum) -> lines.add("  %s  %s".formatted(sum, file)));
      boolean hasManifest = Files.isRegularFile(model.folder().resolve(MANIFEST));
      lines.add(
          "Manifest: " + (hasManifest ? MANIFEST : "none, --write-manifest writes " + MANIFEST));
    }
    return lines;
  }

  /**
   * What was asked for with a model that fits.
   *
   * @param look how it is found and compared
   * @throws ProblemsException with everything for which it does not fit
   */
  public List<String> additions(BiFunction<ModelConfig, ModelFolder, CheckedAdditions> look) {
    CheckedAdditions checked = look.apply(named, check.folder().orElseThrow());
    return Stream.concat(Stream.of(""), checked.lines().stream()).map(Shown::line).toList();
  }

  /** Whether the job can use the model, as far as it has been looked at. */
  public boolean fits() {
    return check.findings().isEmpty();
  }

  /** The configuration that suits a model that fits, why, and a command for a shell. */
  public List<String> suited() {
    long trained = check.trainedSizePixels().orElseThrow();
    SuitedConfig config =
        check.kind().equals(Optional.of(ModelKind.UPSCALING))
            ? SuitedConfig.ofUpscaler(trained, check.textWidth())
            : SuitedConfig.of(check.scheduler().orElseThrow(), trained, check.textWidth());
    List<String> settings = new ArrayList<>();
    settings.add("pretrained_model_name_or_path=" + named.folder());
    if (!named.revision().isEmpty()) {
      settings.add("revision=" + named.revision());
    }
    if (!named.weights().variant().isEmpty()) {
      settings.add("variant=" + named.weights().variant());
    }
    if (!named.loras().all().isEmpty()) {
      settings.add("loras=" + named.loras());
    }
    if (!named.embeddings().all().isEmpty()) {
      settings.add("embeddings=" + named.embeddings());
    }
    if (!named.controlNets().all().isEmpty()) {
      settings.add("controlnets=" + named.controlNets());
    }
    if (check.format() == WeightFormat.FLAX) {
      settings.add("from_pt=false");
    }
    settings.addAll(images());
    List<String> lines = new ArrayList<>();
    check.predictionDoubt().ifPresent(doubt -> lines.addAll(List.of("", "Warning: " + doubt)));
    lines.add("");
    lines.add(
        "It fits. %s suits it: %s".formatted(config.file(), String.join("; ", config.reasons())));
    lines.add("  " + config.command(settings));
    return lines;
  }

  /** Files of the images that must be given; an upscaler's configuration names its own. */
  private List<String> images() {
    Stream<InputImage> ofModel =
        check.kind().stream()
            .filter(kind -> kind != ModelKind.UPSCALING)
            .flatMap(kind -> kind.needs().stream());
    int controlNets = named.controlNets().all().size();
    return Stream.concat(ofModel, InputImage.OF_CONTROL_NETS.stream().limit(controlNets))
        .map(input -> input.path().name())
        .map(name -> "%s=%s.png".formatted(name, name.replaceFirst("^init_|_image", "")))
        .toList();
  }

  /** What is wrong, one problem a line, each group followed by what to do, then how it went. */
  public List<String> problems() {
    List<String> lines = new ArrayList<>();
    int count = 0;
    for (ModelCheck.Finding finding : check.findings()) {
      lines.addAll(finding.problems());
      if (!finding.fix().isEmpty()) {
        lines.add("  Fix: " + finding.fix());
      }
      count += finding.problems().size();
    }
    if (count > 0) {
      lines.add(
          "Cannot use model %s: all of it must fit (%s problem%s)"
              .formatted(named.folder(), count, count == 1 ? "" : "s"));
    }
    return lines.stream().map(Shown::line).toList();
  }

  /**
   * Writes {@code sha256sums.txt} into the folder of a model that fits.
   *
   * @return what was done
   * @throws ProblemsException where the folder is not the user's own, or cannot be written to
   */
  public String writeManifest() {
    if (model.isOfHub()) {
      throw new ProblemsException(
          "Cannot write %s: the folder must not belong to a hub's cache, which other programs share"
                  .formatted(model.folder().resolve(MANIFEST))
              + " (%s); model_digest pins a model without it".formatted(model.name()));
    }
    return check.folder().orElseThrow().writeManifest()
        ? "Wrote " + MANIFEST
        : "It is in " + MANIFEST + " already";
  }
}
