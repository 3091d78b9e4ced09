package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.adapter.AdapterSet;
import io.sparkdiffusion.config.Lora;
import io.sparkdiffusion.config.LoraConfig;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.family.Networks;
import io.sparkdiffusion.hub.HubEnvironment;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/** LoRAs of a local disk that fit a model. */
public final class CheckedLoras {

  private final List<String> lines;
  private final ModelAdapters adapters;

  private CheckedLoras(List<String> lines, ModelAdapters adapters) {
    this.lines = List.copyOf(lines);
    this.adapters = adapters;
  }

  /**
   * Compares LoRAs with a model's layers; nothing is fetched.
   *
   * @throws ProblemsException with everything for which they do not fit
   */
  public static CheckedLoras of(ModelConfig model, ModelFolder folder) {
    requireLocal(model.loras());
    Configuration none = new Configuration(false);
    ModelAdapters found = ModelAdapters.find(model, none, HubEnvironment.ofProcess());
    Networks networks = Networks.check(folder);
    networks.adapters(found.open(none));
    List<String> lines = new ArrayList<>();
    found.open(none).adapters().stream()
        .map(one -> new AdapterSet(List.of(one), found.unmatched()))
        .forEach(
            one -> {
              Lora lora = model.loras().all().get(lines.size());
              lines.add(
                  "LoRA: %s, weight %s, changes %s layers, digest %s"
                      .formatted(
                          lora.path(),
                          lora.writtenWeight(),
                          networks.adapters(one).changed(),
                          found.all().get(lines.size()).digest()));
            });
    return new CheckedLoras(lines, found);
  }

  private static void requireLocal(LoraConfig loras) {
    Problems problems = new Problems();
    for (Lora lora : loras.all()) {
      if (AdapterSource.isElsewhere(lora.path())) {
        problems.add(
            "Cannot check LoRA %s: it must be on a local disk (it is not there); jobs/generate --dry-run checks it where it is"
                .formatted(lora.path()));
      }
    }
    problems.throwIfAny();
  }

  /** What each of them is, for people. */
  public List<String> lines() {
    return lines;
  }

  /** The digest of the model with them. */
  public String digest(String model) {
    return adapters.digest(model);
  }
}
