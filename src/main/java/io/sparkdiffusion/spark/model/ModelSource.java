package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.hub.HubEnvironment;
import io.sparkdiffusion.hub.HubId;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;

/** Where a model is, for the driver and every executor alike. */
sealed interface ModelSource extends Serializable permits ModelLocation, HubModel {

  /**
   * Finds out what a configuration names: a folder that is there wins over a hub id.
   *
   * @param environment of the driver
   * @throws io.sparkdiffusion.config.ProblemsException where it is not there
   * @throws java.io.UncheckedIOException where the hub does not answer
   */
  static ModelSource of(ModelConfig model, HubEnvironment environment) {
    String named = model.folder();
    return HubId.isOne(named) && !Files.exists(Path.of(named))
        ? HubModel.resolve(new HubId(named), model, environment)
        : ModelLocation.of(model);
  }

  /** What images call the model. */
  String name();

  /** The hub's commit that it is, empty for a model of no hub. */
  String commit();

  /**
   * Opens the model's folder on this machine; what is missing is fetched.
   *
   * @throws io.sparkdiffusion.config.ProblemsException with every problem found
   * @throws java.io.UncheckedIOException where it cannot be fetched; another attempt may succeed
   */
  ModelFolder open(Configuration hadoop);
}
