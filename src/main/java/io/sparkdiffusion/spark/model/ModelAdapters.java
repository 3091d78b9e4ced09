package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.adapter.AdapterFile;
import io.sparkdiffusion.adapter.AdapterSet;
import io.sparkdiffusion.adapter.WeightedAdapter;
import io.sparkdiffusion.config.Lora;
import io.sparkdiffusion.config.LoraConfig;
import io.sparkdiffusion.config.LoraUnmatched;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.hub.HubEnvironment;
import io.sparkdiffusion.metadata.LoraTag;
import io.sparkdiffusion.util.Sha256;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;

/**
 * The LoRAs of a model as the driver has seen them.
 *
 * @param all in the order in which they are added
 */
record ModelAdapters(List<Seen> all, LoraUnmatched unmatched) implements Serializable {

  private static final int HASH_DIGITS = 12;

  /** Keeps a copy. */
  ModelAdapters {
    all = new ArrayList<>(all);
  }

  /**
   * A LoRA.
   *
   * @param lora under a path that names the same file later
   * @param digest of all that decides what it adds
   * @param dataHash by which web UIs know it
   */
  record Seen(AdapterSource source, Lora lora, String digest, String dataHash)
      implements Serializable {

    /** The file's name without its ending and without what would end a tag. */
    String name() {
      String file = lora.path().substring(lora.path().lastIndexOf('/') + 1);
      return file.substring(0, file.lastIndexOf('.')).replaceAll("[<>:,\\s\\p{Cntrl}]", "_");
    }
  }

  /**
   * Finds the files that a configuration names, and fetches those that lie elsewhere.
   *
   * @throws ProblemsException with every file that cannot be used
   * @throws java.io.UncheckedIOException where one cannot be fetched
   */
  static ModelAdapters find(ModelConfig model, Configuration hadoop, HubEnvironment hub) {
    LoraConfig loras = model.loras();
    Problems problems = new Problems();
    List<Seen> seen = new ArrayList<>();
    for (Lora lora : loras.all()) {
      problems
          .gather(() -> see(AdapterSource.of("LoRA", lora.path(), model, hub), lora, hadoop))
          .ifPresent(seen::add);
    }
    problems.throwIfAny();
    return new ModelAdapters(seen, loras.unmatched());
  }

  private static Seen see(AdapterSource source, Lora lora, Configuration hadoop) {
    AdapterFile file = AdapterFile.open(source.open(hadoop));
    return new Seen(source, lora.at(source.pinned()), file.digest(), file.dataHash());
  }

  /**
   * Opens the files on this machine.
   *
   * @throws ProblemsException where one is not the driver's
   */
  AdapterSet open(Configuration hadoop) {
    Problems problems = new Problems();
    List<WeightedAdapter> opened = new ArrayList<>();
    all.forEach(one -> problems.gather(() -> open(one, hadoop)).ifPresent(opened::add));
    problems.throwIfAny();
    return new AdapterSet(opened, unmatched);
  }

  private static WeightedAdapter open(Seen seen, Configuration hadoop) {
    Path path = seen.source().open(hadoop);
    AdapterFile file = AdapterFile.open(path);
    if (!file.digest().equals(seen.digest())) {
      throw new ProblemsException(
          "Cannot load LoRA %s: every executor must have the same file as the driver (digest %s, the driver's %s)"
              .formatted(path, file.digest(), seen.digest()));
    }
    return new WeightedAdapter(file, seen.lora().weight());
  }

  /** The digest of a model with them; without any, the model's own. */
  String digest(String model) {
    return all.isEmpty()
        ? model
        : Sha256.of(
            all.stream()
                .map(one -> "%s %s\n".formatted(one.digest(), one.lora().writtenWeight()))
                .collect(Collectors.joining("", model + "\n", "")));
  }

  /**
   * What images and reports tell of them.
   *
   * @param model the digest of the model's files
   */
  Model.Loras told(String model) {
    return all.isEmpty() ? Model.Loras.NONE : new Model.Loras(pinned(), tags(), model);
  }

  private String pinned() {
    return new LoraConfig(all.stream().map(Seen::lora).toList(), unmatched).toString();
  }

  private List<LoraTag> tags() {
    return all.stream()
        .map(
            one ->
                new LoraTag(
                    one.name(),
                    one.lora().writtenWeight(),
                    one.dataHash().substring(0, HASH_DIGITS)))
        .toList();
  }
}
