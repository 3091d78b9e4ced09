package io.sparkdiffusion.hub;

import io.sparkdiffusion.config.ProblemsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A repository in the official client's cache: {@code blobs/ETAG} hold the bytes, {@code
 * snapshots/COMMIT/...} are links to them, {@code refs/REVISION} tell a commit (huggingface_hub,
 * file_download.py).
 */
final class RepositoryCache {

  private final Path root;
  private final Path folder;
  private final Path locks;

  RepositoryCache(Path root, HubId id) {
    this.root = root;
    this.folder = root.resolve(id.cacheFolder());
    this.locks = root.resolve(".locks").resolve(id.cacheFolder());
  }

  RepositoryCache(Path folder) {
    this.root = folder.resolveSibling("");
    this.folder = folder;
    this.locks = folder.resolveSibling(".locks").resolve(folder.getFileName());
  }

  Path folder() {
    return folder;
  }

  Path snapshot(String commit) {
    return folder.resolve("snapshots").resolve(commit);
  }

  Path blob(String etag) {
    return folder.resolve("blobs").resolve(etag);
  }

  /**
   * What has come of a blob. It has a name of its own, since a client in Python holds flock(2) and
   * a JVM fcntl(2) locks, which do not see each other on a local disk.
   */
  Path partial(String etag) {
    return blob(etag + ".spark-diffusion.incomplete");
  }

  /** Held by the JVM that downloads. */
  Path lock() throws IOException {
    UnlinkedFiles.makeFolders(root, locks);
    return locks.resolve("spark-diffusion.lock");
  }

  void makeFolder() throws IOException {
    UnlinkedFiles.makeFolders(root, folder);
  }

  void makeBlobsFolder() throws IOException {
    UnlinkedFiles.makeFolders(root, folder.resolve("blobs"));
  }

  /** The official client's lock of a blob. */
  Path lock(String etag) {
    return locks.resolve(etag + ".lock");
  }

  /** The commit that a revision had when it was last asked for. */
  Optional<String> commit(String revision) throws IOException {
    if (HubRevision.isCommit(revision)) {
      return Optional.of(revision);
    }
    try {
      String noted = Files.readString(reference(revision)).strip();
      return Optional.of(noted).filter(HubRevision::isCommit);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** Notes a revision's commit where it is not noted. */
  void note(String revision, String commit) throws IOException {
    if (!commit(revision).equals(Optional.of(commit))) {
      Path reference = reference(revision);
      UnlinkedFiles.makeFolders(root, reference.getParent());
      Path temporary =
          reference.resolveSibling(
              "%s.%s.tmp".formatted(reference.getFileName(), UUID.randomUUID()));
      Files.writeString(temporary, commit, StandardOpenOption.CREATE_NEW);
      Files.move(temporary, reference, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private Path reference(String revision) {
    return folder.resolve("refs").resolve(revision);
  }

  /**
   * The files that are not there: large ones by their sizes, since whoever opens a model reads all
   * of them and compares; small ones by their hashes.
   */
  List<HubFile> missing(HubListing wanted) throws IOException {
    Path snapshot = snapshot(wanted.commit());
    return wanted.files().values().stream()
        .filter(file -> !isThere(snapshot.resolve(file.name()), file))
        .toList();
  }

  /** True for a blob that another revision has brought. */
  boolean hasBlob(HubFile file) {
    return isThere(blob(file.etag()), file);
  }

  private static boolean isThere(Path path, HubFile file) {
    try {
      return Files.isRegularFile(path)
          && (file.bytes() < 0 || Files.size(path) == file.bytes())
          && (!file.hasSha1() || BlobHash.of(path, file).equals(file.etag()));
    } catch (IOException e) {
      return false;
    }
  }

  /** Lets a snapshot's file be a blob. */
  void link(String commit, HubFile file) throws IOException {
    Path link = snapshot(commit).resolve(file.name());
    UnlinkedFiles.makeFolders(root, link.getParent());
    Path temporary = link.resolveSibling(".%s.tmp".formatted(UUID.randomUUID()));
    Files.createSymbolicLink(temporary, link.getParent().relativize(blob(file.etag())));
    Files.move(temporary, link, StandardCopyOption.ATOMIC_MOVE);
  }

  /** The files that a snapshot has; a link tells the etag. */
  SortedMap<String, HubFile> files(String commit) throws IOException {
    Path snapshot = snapshot(commit);
    SortedMap<String, HubFile> files = new TreeMap<>();
    try (Stream<Path> found = Files.walk(snapshot)) {
      for (Path path : found.filter(Files::isRegularFile).toList()) {
        String name = snapshot.relativize(path).toString();
        files.put(name, new HubFile(name, etag(path), Files.size(path)));
      }
    }
    return files;
  }

  private static String etag(Path path) throws IOException {
    if (!Files.isSymbolicLink(path)) {
      return "";
    }
    String target = Files.readSymbolicLink(path).getFileName().toString();
    return HubFile.isEtag(target) ? target : "";
  }

  /**
   * The snapshot of a revision.
   *
   * @throws ProblemsException where it is not there
   */
  Path require(String revision, String because) throws IOException {
    HubRevision.require(revision);
    Path snapshot = commit(revision).map(this::snapshot).orElse(null);
    if (snapshot == null || !Files.isDirectory(snapshot)) {
      throw new ProblemsException(
          "Cannot open %s of %s: %sthe cache must have it (%s is missing)"
              .formatted(
                  revision,
                  folder,
                  because,
                  snapshot == null ? "refs/" + revision : folder.relativize(snapshot)));
    }
    return snapshot;
  }
}
