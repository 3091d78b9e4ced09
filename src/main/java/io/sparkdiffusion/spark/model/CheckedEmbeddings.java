package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.family.Networks;
import io.sparkdiffusion.hub.HubEnvironment;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/** Embeddings that fit a model. */
final class CheckedEmbeddings {

  private final ModelEmbeddings embeddings;

  private CheckedEmbeddings(ModelEmbeddings embeddings) {
    this.embeddings = embeddings;
  }

  /**
   * Finds embeddings and compares them with a model's text encoder and tokenizer.
   *
   * @throws ProblemsException with everything for which they do not fit
   */
  static CheckedEmbeddings of(
      ModelConfig model, ModelFolder folder, Configuration hadoop, HubEnvironment hub) {
    ModelEmbeddings found = ModelEmbeddings.find(model, hadoop, hub);
    Networks.check(folder).requireFit(found.open(hadoop), folder);
    return new CheckedEmbeddings(found);
  }

  /** What each of them is, for people. */
  List<String> lines() {
    return embeddings.all().stream()
        .map(
            one ->
                "Embedding: %s, token %s, %s vectors, digest %s"
                    .formatted(
                        one.source().pinned(),
                        one.embedding().token(),
                        one.vectors(),
                        one.digest()))
        .toList();
  }

  /** The digest of the model with them. */
  String digest(String model) {
    return embeddings.digest(model);
  }
}
