package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.family.ModelFolder;
import java.util.List;

/** ControlNets that fit a model. */
public final class CheckedControlNets {

  private final ModelControlNets controlNets;

  private CheckedControlNets(ModelControlNets controlNets) {
    this.controlNets = controlNets;
  }

  /**
   * Compares ControlNets with a model's UNet.
   *
   * @throws ProblemsException with everything for which they do not fit
   */
  public static CheckedControlNets of(ModelConfig model, ModelFolder folder) {
    ModelControlNets found = ModelControlNets.find(model);
    found.requireFit(folder);
    return new CheckedControlNets(found);
  }

  /** What each of them is, for people. */
  public List<String> lines() {
    return controlNets.all().stream()
        .map(
            one ->
                "ControlNet: %s, weight %s, digest %s"
                    .formatted(
                        one.named().path(), one.named().writtenWeight(), one.sums().digest()))
        .toList();
  }

  /** The digest of the model with them. */
  public String digest(String model) {
    return controlNets.digest(model);
  }
}
