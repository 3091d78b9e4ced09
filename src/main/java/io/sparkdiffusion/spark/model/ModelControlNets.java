package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.ControlNetFolder;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.family.ControlNetFiles;
import io.sparkdiffusion.family.ControlNetNetwork;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.family.Networks;
import io.sparkdiffusion.hub.HubEnvironment;
import io.sparkdiffusion.hub.HubId;
import io.sparkdiffusion.pipeline.WeightedControlNet;
import io.sparkdiffusion.util.Sha256;
import io.sparkdiffusion.weights.ModelSums;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;

/**
 * The ControlNets beside a model as the driver has seen them.
 *
 * @param all in the order of their images
 */
record ModelControlNets(List<Seen> all) implements Serializable {

  private static final Pattern AT_REVISION = Pattern.compile("([^/@]+/[^/@]+)@([^/@]+)");

  /** Keeps a copy. */
  ModelControlNets {
    all = new ArrayList<>(all);
  }

  /**
   * A ControlNet.
   *
   * @param named under a path that names the same files later
   * @param sums of its files
   */
  record Seen(ModelSource<ControlNetFiles> source, ControlNetFolder named, ModelSums sums)
      implements Serializable {

    private WeightedControlNet open(Configuration hadoop) {
      ControlNetFiles files = source.open(hadoop);
      List<String> differences = files.sums().differences(sums, "the driver's");
      if (!differences.isEmpty()) {
        throw new ProblemsException(
            "Cannot load ControlNet %s: every executor must have the same files as the driver (%s)"
                .formatted(files, String.join("; ", differences)));
      }
      return new WeightedControlNet(ControlNetNetwork.open(files), named.weight());
    }
  }

  /**
   * Finds the folders that a configuration names, and fetches those that lie elsewhere.
   *
   * @throws ProblemsException with every one that cannot be used
   * @throws java.io.UncheckedIOException where one cannot be fetched
   */
  static ModelControlNets find(ModelConfig model, Configuration hadoop, HubEnvironment hub) {
    Problems problems = new Problems();
    List<Seen> seen = new ArrayList<>();
    for (ControlNetFolder named : model.controlNets().all()) {
      problems.gather(() -> see(source(named, model, hub), named, hadoop)).ifPresent(seen::add);
    }
    problems.throwIfAny();
    return new ModelControlNets(seen);
  }

  /** As a model of that name would be found. */
  private static ModelSource<ControlNetFiles> source(
      ControlNetFolder named, ModelConfig model, HubEnvironment hub) {
    Matcher parts = AT_REVISION.matcher(named.path());
    boolean hasRevision =
        parts.matches() && HubId.isOne(parts.group(1)) && !Files.exists(Path.of(named.path()));
    ModelConfig alone =
        new ModelConfig(
            hasRevision ? parts.group(1) : named.path(),
            hasRevision ? parts.group(2) : "",
            WeightChoice.USUAL,
            "",
            model.cacheDirectory(),
            Map.of(),
            model.accessToken());
    return ModelSource.of(FolderKind.CONTROL_NET, alone, hub);
  }

  private static Seen see(
      ModelSource<ControlNetFiles> source, ControlNetFolder named, Configuration hadoop) {
    ControlNetFiles files = source.open(hadoop);
    ControlNetNetwork.open(files);
    return new Seen(source, pinned(source, named), files.sums());
  }

  /** A hub's is named at its commit. */
  private static ControlNetFolder pinned(ModelSource<?> source, ControlNetFolder named) {
    return source instanceof HubModel
        ? named.at("%s@%s".formatted(source.name(), source.commit()))
        : named;
  }

  /**
   * Opens the folders on this machine; what is missing is fetched.
   *
   * @throws ProblemsException where one is not the driver's
   */
  List<WeightedControlNet> open(Configuration hadoop) {
    Problems problems = new Problems();
    List<WeightedControlNet> opened = new ArrayList<>();
    all.forEach(one -> problems.gather(() -> one.open(hadoop)).ifPresent(opened::add));
    problems.throwIfAny();
    return opened;
  }

  /**
   * Makes sure that they go with a model.
   *
   * @throws ProblemsException with everything for which they do not
   */
  void requireFit(ModelFolder folder, Configuration hadoop) {
    if (!all.isEmpty()) {
      Problems problems = new Problems();
      Networks model = Networks.check(folder);
      open(hadoop).forEach(one -> problems.check(() -> one.network().requireFit(model)));
      problems.throwIfAny();
    }
  }

  /** The digest of a model with them and their weights; without any, the model's own. */
  String digest(String model) {
    return all.isEmpty()
        ? model
        : Sha256.of(
            all.stream()
                .map(
                    one ->
                        "controlnet %s %s\n"
                            .formatted(one.sums().digest(), one.named().writtenWeight()))
                .collect(Collectors.joining("", model + "\n", "")));
  }

  /** What reports tell of them. */
  Model.ControlNets told() {
    return new Model.ControlNets(
        all.stream().map(one -> one.named().toString()).collect(Collectors.joining(",")),
        all.size());
  }
}
