package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.SmallFile;
import io.sparkdiffusion.family.DiffusersFolder;
import io.sparkdiffusion.hub.CacheLock;
import io.sparkdiffusion.hub.UnlinkedFiles;
import io.sparkdiffusion.weights.ModelSums;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This machine's copies of models and ControlNets from elsewhere, shared by all its JVMs. A copy
 * lies in a folder named by its digest, which appears by one rename once it is whole; {@code
 * sources/KEY} holds the sums of what a source had under a listing. Copies are found without a
 * lock; whoever holds the lock fetches, so that what is half done then is a dead process's.
 */
final class ModelCache {

  private static final Logger LOG = LoggerFactory.getLogger(ModelCache.class);
  private static final String PARTIAL = ".partial-";

  private final Path root;
  private final Path sources;

  /** The folder is made when it is needed. */
  ModelCache(Path root) {
    this.root = root;
    this.sources = root.resolve("sources");
  }

  private record Copy(Path folder, ModelSums sums) {}

  /**
   * A copy that is as the source was, fetched where it is not there yet; every byte of it is read.
   *
   * @throws ProblemsException where the source is no model or the copy has changed
   * @throws IOException where it cannot be fetched; then nothing is left
   */
  <F extends DiffusersFolder> F open(RemoteModel<F> remote) throws IOException {
    UnlinkedFiles.makeFolders(root, sources);
    Optional<Copy> copy = find(remote);
    if (copy.isEmpty()) {
      try (CacheLock lock = CacheLock.take(root.resolve("lock"))) {
        copy = find(remote);
        if (copy.isEmpty()) {
          removeHalfDone();
          copy = Optional.of(fetch(remote));
        }
      }
    }
    return verified(copy.get(), remote);
  }

  private static <F extends DiffusersFolder> F verified(Copy copy, RemoteModel<F> remote) {
    F folder = remote.kind().open(copy.folder(), remote.weights());
    List<String> differences = folder.sums().differences(copy.sums(), "the source's");
    if (!differences.isEmpty()) {
      throw new ProblemsException(
          differences.stream()
              .map(
                  difference ->
                      ("Cannot load the %s's copy %s: it must be as it was fetched (%s); remove"
                              + " that folder")
                          .formatted(remote.kind().label(), copy.folder(), difference))
              .toList());
    }
    return folder;
  }

  private Optional<Copy> find(RemoteModel<?> remote) throws IOException {
    Path noted = sources.resolve(remote.key());
    if (!Files.isRegularFile(noted)) {
      return Optional.empty();
    }
    ModelSums sums =
        ModelSums.parse(SmallFile.text(noted, SmallFile.DESCRIPTION_BYTES), noted.toString());
    Path folder = root.resolve(sums.digest());
    return isWhole(folder, sums, remote) ? Optional.of(new Copy(folder, sums)) : Optional.empty();
  }

  /** By the sizes alone. */
  private static boolean isWhole(Path folder, ModelSums sums, RemoteModel<?> remote)
      throws IOException {
    Stream<String> needed =
        Stream.concat(
            sums.byFile().keySet().stream(),
            remote.names().stream().filter(remote.kind()::isDescription));
    for (String name : needed.toList()) {
      Path file = folder.resolve(name);
      if (!Files.isRegularFile(file) || Files.size(file) != remote.bytes(name)) {
        return false;
      }
    }
    return true;
  }

  private void removeHalfDone() throws IOException {
    try (Stream<Path> found = Files.list(root)) {
      for (Path left : found.filter(ModelCache::isHalfDone).toList()) {
        LOG.info("Removing {}, which a process left half done", left);
        NeededFiles.delete(left);
      }
    }
  }

  private static boolean isHalfDone(Path path) {
    return path.getFileName().toString().contains(PARTIAL);
  }

  private Copy fetch(RemoteModel<?> remote) throws IOException {
    LOG.info("Fetching {} {} to {}", remote.kind().label(), remote, root);
    Path partial = root.resolve(remote.key() + PARTIAL + UUID.randomUUID());
    try {
      ModelSums sums = fetch(remote, partial);
      Path folder = root.resolve(sums.digest());
      if (!isWhole(folder, sums, remote)) {
        NeededFiles.delete(folder);
        Files.move(partial, folder, StandardCopyOption.ATOMIC_MOVE);
      }
      note(remote, sums);
      return new Copy(folder, sums);
    } catch (ProblemsException e) {
      throw new ProblemsException(
          e.problems().stream()
              .map(problem -> problem.replace(partial.toString(), remote.toString()))
              .toList());
    } finally {
      deleteLeft(partial);
    }
  }

  /** The small files come first, since they tell which large ones are needed. */
  private static ModelSums fetch(RemoteModel<?> remote, Path partial) throws IOException {
    FolderKind<?> kind = remote.kind();
    Files.createDirectories(partial);
    copy(remote, remote.names().stream().filter(kind::isDescription).toList(), partial);
    List<String> needed =
        NeededFiles.of(kind, remote.names(), remote.weights(), partial, partial.toString());
    copy(remote, needed.stream().filter(name -> !kind.isDescription(name)).toList(), partial);
    DiffusersFolder folder = kind.open(partial, remote.weights());
    folder.checkManifest();
    return folder.sums();
  }

  private static void copy(RemoteModel<?> remote, List<String> names, Path folder)
      throws IOException {
    for (String name : names) {
      Path target = folder.resolve(name);
      Files.createDirectories(target.getParent());
      remote.copy(name, target);
    }
  }

  private void note(RemoteModel<?> remote, ModelSums sums) throws IOException {
    Path temporary =
        Files.writeString(root.resolve("note" + PARTIAL + UUID.randomUUID()), sums.lines());
    Files.move(temporary, sources.resolve(remote.key()), StandardCopyOption.ATOMIC_MOVE);
  }

  private static void deleteLeft(Path partial) {
    try {
      NeededFiles.delete(partial);
    } catch (IOException e) {
      LOG.warn("Cannot remove {}, the next fetch will: {}", partial, e.toString());
    }
  }
}
