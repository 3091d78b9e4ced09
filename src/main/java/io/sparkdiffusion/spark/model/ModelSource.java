package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.family.DiffusersFolder;
import io.sparkdiffusion.hub.HubEnvironment;
import io.sparkdiffusion.hub.HubId;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;

/**
 * Where a model or a ControlNet is, for the driver and every executor alike.
 *
 * @param <F> what it is opened as
 */
sealed interface ModelSource<F extends DiffusersFolder> extends Serializable
    permits ModelLocation, HubModel {

  /**
   * Finds out what a configuration names: a folder that is there wins over a hub id.
   *
   * @param kind what is looked for
   * @param environment of the driver
   * @throws io.sparkdiffusion.config.ProblemsException where it is not there
   * @throws java.io.UncheckedIOException where the hub does not answer
   */
  static <F extends DiffusersFolder> ModelSource<F> of(
      FolderKind<F> kind, ModelConfig model, HubEnvironment environment) {
    String named = model.folder();
    return HubId.isOne(named) && !Files.exists(Path.of(named))
        ? HubModel.resolve(kind, new HubId(named), model, environment)
        : ModelLocation.of(kind, model);
  }

  /** What images call it. */
  String name();

  /** The hub's commit that it is, empty for what is of no hub. */
  String commit();

  /**
   * Opens the folder on this machine; what is missing is fetched.
   *
   * @throws io.sparkdiffusion.config.ProblemsException with every problem found
   * @throws java.io.UncheckedIOException where it cannot be fetched; another attempt may succeed
   */
  F open(Configuration hadoop);
}
