package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.family.DiffusersFolder;
import io.sparkdiffusion.family.PublishedModel;
import io.sparkdiffusion.hub.Hub;
import io.sparkdiffusion.hub.HubId;
import io.sparkdiffusion.spark.device.Unpacked;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/**
 * A folder.
 *
 * @param kind what is looked for
 * @param path a local folder, at the same place on every machine, or any path that Hadoop can read
 * @param unpacked what a process calls it that has it from {@code --archives}, empty where it has
 *     an absolute name
 * @param weights which of its weights are used
 * @param cacheDirectory where a machine keeps its copy of the latter, empty for the usual place
 * @param <F> what it is opened as
 */
record ModelLocation<F extends DiffusersFolder>(
    FolderKind<F> kind, String path, String unpacked, WeightChoice weights, String cacheDirectory)
    implements ModelSource<F> {

  /** Two letters or more, since a single one could be a drive. */
  private static final String WITH_SCHEME = "[A-Za-z][A-Za-z0-9+.-]+:/.*";

  private static final String USUAL_CACHE = ".cache/spark-diffusion/models";

  /** A folder that every machine has by this name. */
  ModelLocation(FolderKind<F> kind, String path, WeightChoice weights, String cacheDirectory) {
    this(kind, path, "", weights, cacheDirectory);
  }

  /**
   * A relative folder counts from the driver's working directory; a process that does not have it
   * there may have it unpacked.
   */
  static <F extends DiffusersFolder> ModelLocation<F> of(FolderKind<F> kind, ModelConfig model) {
    String named = model.folder();
    boolean hasScheme = hasScheme(named);
    if (!hasScheme && isCacheFolder(Path.of(named).toAbsolutePath().normalize())) {
      return new ModelLocation<>(
          kind,
          snapshot(kind, Path.of(named).toAbsolutePath().normalize(), model.revision()).toString(),
          model.weights(),
          model.cacheDirectory());
    }
    if (!model.revision().isEmpty()) {
      throw new ProblemsException(
          ("Cannot use revision: it goes with a hub id or a folder models--ORG--NAME of a hub's"
                  + " cache, %s is neither (%s)")
              .formatted(named, model.revision()));
    }
    if (hasScheme || Path.of(named).isAbsolute()) {
      return new ModelLocation<>(kind, named, model.weights(), model.cacheDirectory());
    }
    return new ModelLocation<>(
        kind,
        Path.of(Unpacked.find(named)).toAbsolutePath().toString(),
        named,
        model.weights(),
        model.cacheDirectory());
  }

  /** True for a path of a named file system. */
  static boolean hasScheme(String path) {
    return path.matches(WITH_SCHEME);
  }

  private static boolean isCacheFolder(Path folder) {
    return folder.getFileName() != null
        && HubId.isCacheFolder(folder.getFileName().toString())
        && Files.isDirectory(folder.resolve("snapshots"));
  }

  private static Path snapshot(FolderKind<?> kind, Path cacheFolder, String revision) {
    try {
      return Hub.snapshot(cacheFolder, revision);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Cannot open %s %s: it must be readable (%s)".formatted(kind.label(), cacheFolder, e), e);
    }
  }

  /** The name of the folder; a snapshot of a hub's cache is called by the hub's id. */
  @Override
  public String name() {
    return local()
        .map(folder -> name(folder.normalize()))
        .orElseGet(() -> new org.apache.hadoop.fs.Path(path).getName());
  }

  @Override
  public String commit() {
    return local()
        .map(Path::normalize)
        .filter(ModelLocation::isSnapshot)
        .map(snapshot -> snapshot.getFileName().toString())
        .orElse("");
  }

  private static String name(Path folder) {
    return isSnapshot(folder)
        ? HubId.ofCacheFolder(folder.getName(folder.getNameCount() - 3).toString()).name()
        : folder.getFileName().toString();
  }

  /** True for a commit's folder in a hub's cache. */
  static boolean isSnapshot(Path folder) {
    int parts = folder.getNameCount();
    return parts > 2
        && folder.getName(parts - 2).toString().equals("snapshots")
        && HubId.isCacheFolder(folder.getName(parts - 3).toString());
  }

  /**
   * Opens the folder, or this machine's copy of it, which is fetched where it is missing. A copy, a
   * folder that has {@code sha256sums.txt}, and a published model's snapshot in a hub's cache are
   * read whole and checked.
   *
   * @throws ProblemsException with every problem found
   * @throws UncheckedIOException where the model cannot be fetched; another attempt may succeed
   */
  @Override
  public F open(Configuration hadoop) {
    Optional<Path> local = local();
    F folder = local.isPresent() ? kind.open(here(local.get()), weights) : copy(hadoop);
    if (!commit().isEmpty()) {
      PublishedModel.require(name(), folder.toString(), folder.sums().byFile());
    }
    folder.checkManifest();
    return folder;
  }

  /** The driver's folder; where this machine has none there, what its archive was unpacked to. */
  private Path here(Path folder) {
    if (unpacked.isEmpty() || Files.exists(folder)) {
      return folder;
    }
    Path there = Path.of(Unpacked.find(unpacked));
    return Files.exists(there) ? there : folder;
  }

  /** What is on a local disk is used where it is. */
  Optional<Path> local() {
    if (!path.matches(WITH_SCHEME)) {
      return Optional.of(Path.of(path));
    }
    URI uri = new org.apache.hadoop.fs.Path(path).toUri();
    return uri.getScheme().equals("file") ? Optional.of(Path.of(uri.getPath())) : Optional.empty();
  }

  private F copy(Configuration hadoop) {
    Path cache = cache();
    try {
      return new ModelCache(cache).open(RemoteModel.list(kind, path, weights, hadoop));
    } catch (FileNotFoundException e) {
      throw new ProblemsException(
          "Cannot open %s %s: it must be a folder in diffusers' layout (%s)"
              .formatted(kind.label(), path, e.getMessage()),
          e);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Cannot fetch %s %s: its files must be readable, and %s must have room for them (%s)"
              .formatted(kind.label(), path, cache, e.getMessage()),
          e);
    }
  }

  private Path cache() {
    return cache(cacheDirectory);
  }

  /** Where this machine keeps copies, empty for the usual place. */
  static Path cache(String cacheDirectory) {
    return cacheDirectory.isEmpty()
        ? Path.of(System.getProperty("user.home"), USUAL_CACHE)
        : Path.of(cacheDirectory).toAbsolutePath();
  }
}
