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
final class CheckedLoras {

  private final List<String> lines;
  private final ModelAdapters adapters;

  private CheckedLoras(List<String> lines, ModelAdapters adapters) {
    this.lines = List.copyOf(lines);
    this.adapters = adapters;
  }

  /**
   * Finds LoRAs and compares them with a model's layers.
   *
   * @throws ProblemsException with everything for which they do not fit
   */
  static CheckedLoras of(
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
  List<String> lines() {
    return lines;
  }

  /** The digest of the model with them. */
  String digest(String model) {
    return adapters.digest(model);
  }
}
