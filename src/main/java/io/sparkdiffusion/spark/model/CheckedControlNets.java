package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.hub.HubEnvironment;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/** ControlNets that fit a model. */
final class CheckedControlNets {

  private final ModelControlNets controlNets;

  private CheckedControlNets(ModelControlNets controlNets) {
    this.controlNets = controlNets;
  }

  /**
   * Finds ControlNets and compares them with a model's UNet.
   *
   * @throws ProblemsException with everything for which they do not fit
   */
  static CheckedControlNets of(
      ModelConfig model, ModelFolder folder, Configuration hadoop, HubEnvironment hub) {
    ModelControlNets found = ModelControlNets.find(model, hadoop, hub);
    found.requireFit(folder, hadoop);
    return new CheckedControlNets(found);
  }

  /** What each of them is, for people. */
  List<String> lines() {
    return controlNets.all().stream()
        .map(
            one ->
                "ControlNet: %s, weight %s, digest %s"
                    .formatted(
                        one.named().path(), one.named().writtenWeight(), one.sums().digest()))
        .toList();
  }

  /** The digest of the model with them. */
  String digest(String model) {
    return controlNets.digest(model);
  }
}
