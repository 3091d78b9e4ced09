package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.adapter.EmbeddingFile;
import io.sparkdiffusion.adapter.EmbeddingSet;
import io.sparkdiffusion.config.Embedding;
import io.sparkdiffusion.config.EmbeddingConfig;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.hub.HubEnvironment;
import io.sparkdiffusion.metadata.EmbeddingTag;
import io.sparkdiffusion.util.Sha256;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;

/**
 * The embeddings of a model as the driver has seen them.
 *
 * @param all in the order in which their tokens are added
 */
record ModelEmbeddings(List<Seen> all) implements Serializable {

  private static final String KIND = "embedding";
  private static final int HASH_DIGITS = 12;

  /** Keeps a copy. */
  ModelEmbeddings {
    all = new ArrayList<>(all);
  }

  /**
   * An embedding.
   *
   * @param embedding under a path that names the same file later, with its token
   * @param digest of its file
   * @param vectors how many it has
   */
  record Seen(AdapterSource source, Embedding embedding, String digest, int vectors)
      implements Serializable {}

  /**
   * Finds the files that a configuration names, and fetches those that lie elsewhere.
   *
   * @throws ProblemsException with every file that cannot be used
   * @throws java.io.UncheckedIOException where one cannot be fetched
   */
  static ModelEmbeddings find(ModelConfig model, Configuration hadoop, HubEnvironment hub) {
    Problems problems = new Problems();
    List<Seen> seen = new ArrayList<>();
    for (Embedding embedding : model.embeddings().all()) {
      problems
          .gather(
              () -> see(AdapterSource.of(KIND, embedding.path(), model, hub), embedding, hadoop))
          .ifPresent(seen::add);
    }
    problems.throwIfAny();
    return new ModelEmbeddings(seen);
  }

  private static Seen see(AdapterSource source, Embedding named, Configuration hadoop) {
    EmbeddingFile file = EmbeddingFile.open(source.open(hadoop));
    String token = named.token().isEmpty() ? file.token(named.path()) : named.token();
    return new Seen(source, named.at(source.pinned(), token), file.digest(), file.vectors());
  }

  /**
   * Opens the files on this machine.
   *
   * @throws ProblemsException where one is not the driver's
   */
  EmbeddingSet open(Configuration hadoop) {
    Problems problems = new Problems();
    List<EmbeddingSet.Token> opened = new ArrayList<>();
    all.forEach(one -> problems.gather(() -> open(one, hadoop)).ifPresent(opened::add));
    problems.throwIfAny();
    return new EmbeddingSet(opened);
  }

  private static EmbeddingSet.Token open(Seen seen, Configuration hadoop) {
    Path path = seen.source().open(hadoop);
    EmbeddingFile file = EmbeddingFile.open(path);
    if (!file.digest().equals(seen.digest())) {
      throw new ProblemsException(
          "Cannot load embedding %s: every executor must have the same file as the driver (digest %s, the driver's %s)"
              .formatted(path, file.digest(), seen.digest()));
    }
    return new EmbeddingSet.Token(seen.embedding().token(), file);
  }

  /** The digest of a model with them and their tokens; without any, the model's own. */
  String digest(String model) {
    return all.isEmpty()
        ? model
        : Sha256.of(
            all.stream()
                .map(one -> "%s %s\n".formatted(one.digest(), one.embedding().token()))
                .collect(Collectors.joining("", model + "\n", "")));
  }

  /** What images and reports tell of them. */
  Model.Embeddings told() {
    return all.isEmpty() ? Model.Embeddings.NONE : new Model.Embeddings(pinned(), tags());
  }

  private String pinned() {
    return new EmbeddingConfig(all.stream().map(Seen::embedding).toList()).toString();
  }

  private List<EmbeddingTag> tags() {
    return all.stream()
        .map(
            one ->
                new EmbeddingTag(
                    one.embedding().token().replaceAll("[:,\\s]", "_"),
                    one.digest().substring(0, HASH_DIGITS)))
        .toList();
  }
}
