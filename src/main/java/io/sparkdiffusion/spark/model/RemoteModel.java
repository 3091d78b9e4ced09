package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.family.DiffusersFolder;
import io.sparkdiffusion.util.Sha256;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.IOUtils;

/**
 * A folder on a file system that Hadoop knows, as it was when it was listed.
 *
 * @param <F> what it is opened as
 */
final class RemoteModel<F extends DiffusersFolder> {

  private static final int BLOCK_BYTES = 1 << 20;

  private final FolderKind<F> kind;
  private final FileSystem files;
  private final Path root;
  private final WeightChoice weights;
  private final SortedMap<String, FileStatus> listing = new TreeMap<>();

  private RemoteModel(FolderKind<F> kind, FileSystem files, Path root, WeightChoice weights) {
    this.kind = kind;
    this.files = files;
    this.root = root;
    this.weights = weights;
  }

  /**
   * Lists what may be needed; no file is opened.
   *
   * @param kind what is looked for
   * @param weights which of them are used
   * @throws ProblemsException where there is no such folder or no such file system
   * @throws IOException where it cannot be listed
   */
  static <F extends DiffusersFolder> RemoteModel<F> list(
      FolderKind<F> kind, String location, WeightChoice weights, Configuration hadoop)
      throws IOException {
    RemoteModel<F> model = open(kind, location, weights, hadoop);
    if (!model.files.getFileStatus(model.root).isDirectory()) {
      throw new FileNotFoundException("it is a file");
    }
    for (String folder : kind.folders()) {
      model.addFolder(folder);
    }
    return model;
  }

  private static <F extends DiffusersFolder> RemoteModel<F> open(
      FolderKind<F> kind, String location, WeightChoice weights, Configuration hadoop) {
    try {
      Path given = new Path(location);
      FileSystem files = given.getFileSystem(hadoop);
      return new RemoteModel<>(kind, files, files.makeQualified(given), weights);
    } catch (IOException | IllegalArgumentException e) {
      throw new ProblemsException(
          "Cannot open %s %s: Hadoop must know its file system (%s)"
              .formatted(kind.label(), location, e.getMessage()),
          e);
    }
  }

  /** What is missing is told where the folder is opened, with all other problems. */
  private void addFolder(String name) throws IOException {
    Path folder = name.isEmpty() ? root : new Path(root, name);
    FileStatus[] found;
    try {
      found = files.listStatus(folder);
    } catch (FileNotFoundException e) {
      return;
    }
    for (FileStatus status : found) {
      requireInside(folder, status.getPath());
      String file = (name.isEmpty() ? "" : name + "/") + status.getPath().getName();
      if (status.isFile() && kind.mayBePart(file)) {
        listing.put(file, status);
      }
    }
  }

  /** A listing is not trusted: a name must not lead out of the copy. */
  private void requireInside(Path folder, Path listed) {
    Path parent = listed.getParent();
    boolean isInside = parent != null && parent.toUri().getPath().equals(folder.toUri().getPath());
    if (!isInside || listed.getName().matches("\\.{0,2}|.*[/\\\\].*")) {
      throw new ProblemsException(
          "Cannot fetch %s %s: each name in it must stay in its folder (%s)"
              .formatted(kind.label(), root, listed));
    }
  }

  /** What is looked for. */
  FolderKind<F> kind() {
    return kind;
  }

  /** Which of the folder's weights are used. */
  WeightChoice weights() {
    return weights;
  }

  /**
   * Changes where a listed file is added, taken away or written; each kind and choice has its own.
   */
  String key() {
    String of = kind.equals(FolderKind.MODEL) ? "" : kind.label() + " of ";
    String head =
        weights.equals(WeightChoice.USUAL) ? "" : weights.format() + weights.variant() + " of ";
    return Sha256.of(
        listing.entrySet().stream()
            .map(entry -> line(entry.getKey(), entry.getValue()))
            .collect(Collectors.joining("", of + head + root + "\n", "")));
  }

  private static String line(String name, FileStatus status) {
    return "%s %s %s\n".formatted(status.getLen(), status.getModificationTime(), name);
  }

  /** The listed files by path relative to the folder. */
  SortedSet<String> names() {
    return new TreeSet<>(listing.keySet());
  }

  /** The size of a file, -1 where it is not listed. */
  long bytes(String name) {
    FileStatus status = listing.get(name);
    return status == null ? -1 : status.getLen();
  }

  /**
   * Copies a listed file.
   *
   * @throws IOException that names the file, where it is not whole
   */
  void copy(String name, java.nio.file.Path target) throws IOException {
    try (InputStream in = files.open(listing.get(name).getPath());
        OutputStream out = Files.newOutputStream(target)) {
      IOUtils.copyBytes(in, out, BLOCK_BYTES);
    } catch (IOException e) {
      throw new IOException(name + ": " + e.getMessage(), e);
    }
    if (Files.size(target) != bytes(name)) {
      throw new IOException(
          "%s: %s bytes came, listed are %s".formatted(name, Files.size(target), bytes(name)));
    }
  }

  @Override
  public String toString() {
    return root.toString();
  }
}
