package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.ControlNetFolder;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.family.ControlNetNetwork;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.family.Networks;
import io.sparkdiffusion.pipeline.WeightedControlNet;
import io.sparkdiffusion.spark.device.Unpacked;
import io.sparkdiffusion.util.Sha256;
import io.sparkdiffusion.weights.ModelSums;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The ControlNets beside a model as the driver has seen them.
 *
 * @param all in the order of their images
 */
record ModelControlNets(List<Seen> all) implements Serializable {

  /** Keeps a copy. */
  ModelControlNets {
    all = new ArrayList<>(all);
  }

  /**
   * A ControlNet.
   *
   * @param path absolute, where the driver has it
   * @param sums of its files
   */
  record Seen(ControlNetFolder named, String path, ModelSums sums) implements Serializable {

    /** The driver's folder; where this machine has none there, what its archive was unpacked to. */
    private Path here() {
      Path folder = Path.of(path);
      Path unpacked = Path.of(Unpacked.find(named.path()));
      return Files.exists(folder) || !Files.exists(unpacked) ? folder : unpacked;
    }

    private WeightedControlNet open() {
      ControlNetNetwork network = ControlNetNetwork.open(here());
      List<String> differences = network.sums().differences(sums, "the driver's");
      if (!differences.isEmpty()) {
        throw new ProblemsException(
            "Cannot load ControlNet %s: every executor must have the same files as the driver (%s)"
                .formatted(network.folder(), String.join("; ", differences)));
      }
      return new WeightedControlNet(network, named.weight());
    }
  }

  /**
   * Finds the folders that a configuration names.
   *
   * @throws ProblemsException with every one that cannot be used
   */
  static ModelControlNets find(ModelConfig model) {
    Problems problems = new Problems();
    List<Seen> seen = new ArrayList<>();
    model
        .controlNets()
        .all()
        .forEach(named -> problems.gather(() -> see(named)).ifPresent(seen::add));
    problems.throwIfAny();
    return new ModelControlNets(seen);
  }

  private static Seen see(ControlNetFolder named) {
    Path folder = local(named.path());
    return new Seen(named, folder.toString(), ControlNetNetwork.open(folder).sums());
  }

  private static Path local(String named) {
    if (!ModelLocation.hasScheme(named)) {
      return Path.of(Unpacked.find(named)).toAbsolutePath().normalize();
    }
    return new ModelLocation(named, WeightChoice.USUAL, "")
        .local()
        .orElseThrow(
            () ->
                new ProblemsException(
                    "Cannot open ControlNet %s: it must be a folder of every machine's disk (another file system)"
                        .formatted(named)));
  }

  /**
   * Opens the folders on this machine.
   *
   * @throws ProblemsException where one is not the driver's
   */
  List<WeightedControlNet> open() {
    Problems problems = new Problems();
    List<WeightedControlNet> opened = new ArrayList<>();
    all.forEach(one -> problems.gather(one::open).ifPresent(opened::add));
    problems.throwIfAny();
    return opened;
  }

  /**
   * Makes sure that they go with a model.
   *
   * @throws ProblemsException with everything for which they do not
   */
  void requireFit(ModelFolder folder) {
    if (!all.isEmpty()) {
      Problems problems = new Problems();
      Networks model = Networks.check(folder);
      open().forEach(one -> problems.check(() -> one.network().requireFit(model)));
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
