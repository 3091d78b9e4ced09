package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.Embedding;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.family.Networks;
import io.sparkdiffusion.hub.HubEnvironment;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/** Embeddings of a local disk that fit a model. */
public final class CheckedEmbeddings {

  private final ModelEmbeddings embeddings;

  private CheckedEmbeddings(ModelEmbeddings embeddings) {
    this.embeddings = embeddings;
  }

  /**
   * Compares embeddings with a model's text encoder and tokenizer; nothing is fetched.
   *
   * @throws ProblemsException with everything for which they do not fit
   */
  public static CheckedEmbeddings of(ModelConfig model, ModelFolder folder) {
    Problems problems = new Problems();
    for (Embedding embedding : model.embeddings().all()) {
      if (AdapterSource.isElsewhere(embedding.path())) {
        problems.add(
            "Cannot check embedding %s: it must be on a local disk (it is not there); jobs/generate --dry-run checks it where it is"
                .formatted(embedding.path()));
      }
    }
    problems.throwIfAny();
    Configuration none = new Configuration(false);
    ModelEmbeddings found = ModelEmbeddings.find(model, none, HubEnvironment.ofProcess());
    Networks.check(folder).requireFit(found.open(none), folder);
    return new CheckedEmbeddings(found);
  }

  /** What each of them is, for people. */
  public List<String> lines() {
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
  public String digest(String model) {
    return embeddings.digest(model);
  }
}
