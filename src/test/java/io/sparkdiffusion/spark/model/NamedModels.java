package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.AccessToken;
import io.sparkdiffusion.config.ControlNetFolders;
import io.sparkdiffusion.config.EmbeddingConfig;
import io.sparkdiffusion.config.LoraConfig;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.testing.ReferenceModels;
import java.nio.file.Path;
import java.util.Map;

/** Small models as a job names them, with what is added to them. */
final class NamedModels {

  private NamedModels() {}

  /**
   * A reference model and what goes with it.
   *
   * @param folder of the test, where copies are kept
   */
  static ModelConfig with(
      String model,
      Path folder,
      LoraConfig loras,
      EmbeddingConfig embeddings,
      ControlNetFolders controlNets) {
    return new ModelConfig(
        ReferenceModels.folder(model).toString(),
        "",
        WeightChoice.USUAL,
        "",
        folder.resolve("cache").toString(),
        Map.of(),
        AccessToken.NONE,
        loras,
        embeddings,
        controlNets);
  }
}
