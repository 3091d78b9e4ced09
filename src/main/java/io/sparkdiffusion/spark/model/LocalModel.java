package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.family.PublishedModel;
import io.sparkdiffusion.hub.Hub;
import io.sparkdiffusion.hub.HubEnvironment;
import io.sparkdiffusion.hub.HubId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A model that is on this machine already; nothing is downloaded.
 *
 * @param name what images call it
 * @param folder where it is
 * @param isOfHub whether the folder belongs to a hub's cache, which other programs share
 */
public record LocalModel(String name, Path folder, boolean isOfHub) {

  /**
   * Finds what a configuration names, as the job does: a folder that is there wins over a hub id.
   *
   * @throws ProblemsException where it is not on this machine
   */
  public static LocalModel find(ModelConfig model) {
    return find(model, HubEnvironment.ofProcess());
  }

  /** The same with another hub than this process's environment names. */
  public static LocalModel find(ModelConfig model, HubEnvironment environment) {
    String named = model.folder();
    if (HubId.isOne(named) && !Files.exists(Path.of(named))) {
      return new LocalModel(named, cached(new HubId(named), model.revision(), environment), true);
    }
    ModelLocation<ModelFolder> location = ModelLocation.of(FolderKind.MODEL, model);
    Path folder =
        location
            .local()
            .orElseThrow(
                () ->
                    new ProblemsException(
                        "Cannot check model %s: it must be on a local disk; copy it, or let"
                                .formatted(named)
                            + " jobs/generate --dry-run check it where it is"));
    return new LocalModel(location.name(), folder, ModelLocation.isSnapshot(folder.normalize()));
  }

  private static Path cached(HubId id, String revision, HubEnvironment environment) {
    try {
      return new Hub(environment).cached(id, revision);
    } catch (ProblemsException | IOException e) {
      String problem =
          "Cannot check model %s: it must be a folder that is there, or a hub's model in the cache %s (%s)"
              .formatted(id, environment.cache(), e.getMessage());
      String download =
          "a check downloads nothing: hf download %s%s does"
              .formatted(id, revision.isEmpty() ? "" : " --revision " + revision);
      throw (ProblemsException)
          ProblemsException.withFix(problem, PublishedModel.removal(id.name()).orElse(download))
              .initCause(e);
    }
  }
}
