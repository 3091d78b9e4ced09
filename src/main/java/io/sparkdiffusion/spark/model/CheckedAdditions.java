package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.hub.HubEnvironment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/**
 * The embeddings, ControlNets and LoRAs that are asked for with a model, found as the job finds
 * them, and that they fit it.
 *
 * @param lines what each of them is, and the digest of the model with all up to it, for people
 */
public record CheckedAdditions(List<String> lines) {

  /** Keeps a copy. */
  public CheckedAdditions {
    lines = List.copyOf(lines);
  }

  /**
   * Finds them, which fetches those that lie elsewhere, and compares them with the model.
   *
   * @throws io.sparkdiffusion.config.ProblemsException with everything for which they do not fit
   * @throws java.io.UncheckedIOException where one cannot be fetched
   */
  public static CheckedAdditions of(ModelConfig model, ModelFolder folder, Configuration hadoop) {
    return of(model, folder, hadoop, HubEnvironment.ofProcess());
  }

  /** The same with another hub than this process's environment names. */
  public static CheckedAdditions of(
      ModelConfig model, ModelFolder folder, Configuration hadoop, HubEnvironment hub) {
    Problems problems = new Problems();
    Optional<CheckedEmbeddings> embeddings =
        problems.gather(() -> CheckedEmbeddings.of(model, folder, hadoop, hub));
    Optional<CheckedLoras> loras =
        problems.gather(() -> CheckedLoras.of(model, folder, hadoop, hub));
    Optional<CheckedControlNets> controlNets =
        problems.gather(() -> CheckedControlNets.of(model, folder, hadoop, hub));
    problems.throwIfAny();
    List<String> lines = new ArrayList<>();
    String digest = embeddings.orElseThrow().digest(folder.sums().digest());
    if (!model.embeddings().all().isEmpty()) {
      lines.addAll(embeddings.orElseThrow().lines());
      lines.add("Digest with embeddings: " + digest);
    }
    digest = controlNets.orElseThrow().digest(digest);
    if (!model.controlNets().all().isEmpty()) {
      lines.addAll(controlNets.orElseThrow().lines());
      lines.add("Digest with ControlNets: " + digest);
    }
    if (!model.loras().all().isEmpty()) {
      lines.addAll(loras.orElseThrow().lines());
      lines.add("Digest with LoRAs: " + loras.orElseThrow().digest(digest));
    }
    return new CheckedAdditions(lines);
  }
}
