package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.adapter.AdapterSet;
import io.sparkdiffusion.config.Lora;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.family.Networks;
import io.sparkdiffusion.hub.HubEnvironment;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/** LoRAs that fit a model. */
public final class CheckedLoras {

  private final List<String> lines;
  private final ModelAdapters adapters;

  private CheckedLoras(List<String> lines, ModelAdapters adapters) {
    this.lines = List.copyOf(lines);
    this.adapters = adapters;
  }

  /**
   * Finds LoRAs as the job does, which fetches those that lie elsewhere, and compares them with a
   * model's layers.
   *
   * @throws ProblemsException with everything for which they do not fit
   * @throws java.io.UncheckedIOException where one cannot be fetched
   */
  public static CheckedLoras of(ModelConfig model, ModelFolder folder, Configuration hadoop) {
    return of(model, folder, hadoop, HubEnvironment.ofProcess());
  }

  /** The same with another hub than this process's environment names. */
  public static CheckedLoras of(
      ModelConfig model, ModelFolder folder, Configuration hadoop, HubEnvironment hub) {
    ModelAdapters found = ModelAdapters.find(model, hadoop, hub);
    Networks networks = Networks.check(folder);
    networks.adapters(found.open(hadoop));
    List<String> lines = new ArrayList<>();
    found.open(hadoop).adapters().stream()
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

  /** What each of them is, for people. */
  public List<String> lines() {
    return lines;
  }

  /** The digest of the model with them. */
  public String digest(String model) {
    return adapters.digest(model);
  }
}
