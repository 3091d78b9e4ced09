package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.hub.HubEnvironment;
import java.io.Serializable;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;

/** Where the file of a LoRA or an embedding is, for the driver and every executor alike. */
sealed interface AdapterSource extends Serializable
    permits LocalAdapter, RemoteAdapter, HubAdapter {

  /** What PEFT calls its configuration, which goes with a file that it has named. */
  String CONFIG = "adapter_config.json";

  /** What PEFT calls the file. */
  String PEFT_FILE = "adapter_model.safetensors";

  /**
   * Finds out what a configuration names: a file that is there wins over a hub's.
   *
   * @param kind what problems call the file: LoRA or embedding
   * @param environment of the driver
   * @throws io.sparkdiffusion.config.ProblemsException where it is not there
   * @throws java.io.UncheckedIOException where the hub does not answer
   */
  static AdapterSource of(String kind, String path, ModelConfig model, HubEnvironment environment) {
    if (ModelLocation.hasScheme(path)) {
      return LocalAdapter.ofUri(path)
          .<AdapterSource>map(local -> local)
          .orElseGet(() -> new RemoteAdapter(kind, path, model.cacheDirectory()));
    }
    return HubAdapter.isOne(path)
        ? HubAdapter.resolve(kind, path, model, environment)
        : LocalAdapter.of(path);
  }

  /** The path that names the same file later: a hub's at its commit. */
  String pinned();

  /**
   * The file on this machine; what is missing is fetched.
   *
   * @throws io.sparkdiffusion.config.ProblemsException where it is not there
   * @throws java.io.UncheckedIOException where it cannot be fetched; another attempt may succeed
   */
  Path open(Configuration hadoop);
}
