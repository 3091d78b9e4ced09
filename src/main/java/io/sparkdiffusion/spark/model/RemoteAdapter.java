package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.util.Sha256;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.IOUtils;

/**
 * The file of a LoRA or an embedding on a file system that Hadoop knows. A machine keeps its copy
 * in a folder named by the file's path, size and time, which appears by one rename once it is
 * whole.
 *
 * @param kind what problems call the file
 * @param cacheDirectory where, empty for the usual place of models
 */
record RemoteAdapter(String kind, String pinned, String cacheDirectory) implements AdapterSource {

  private static final int BLOCK_BYTES = 1 << 20;

  @Override
  public java.nio.file.Path open(Configuration hadoop) {
    try {
      Path path = new Path(pinned);
      FileSystem files = path.getFileSystem(hadoop);
      FileStatus status = files.getFileStatus(path);
      java.nio.file.Path folder = cache().resolve(key(status));
      if (!Files.isDirectory(folder)) {
        fetch(files, path, folder);
      }
      return folder.resolve(path.getName());
    } catch (FileNotFoundException | IllegalArgumentException e) {
      throw new ProblemsException(
          "Cannot open %s %s: the file must be there (%s)".formatted(kind, pinned, e.getMessage()),
          e);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Cannot fetch %s %s: it must be readable, and %s must have room for it (%s)"
              .formatted(kind, pinned, cache(), e.getMessage()),
          e);
    }
  }

  private static String key(FileStatus status) {
    return Sha256.of(
        "%s %s %s".formatted(status.getPath(), status.getLen(), status.getModificationTime()));
  }

  private java.nio.file.Path cache() {
    return ModelLocation.cache(cacheDirectory).resolve("loras");
  }

  private static void fetch(FileSystem files, Path path, java.nio.file.Path folder)
      throws IOException {
    java.nio.file.Path partial =
        folder.resolveSibling(folder.getFileName() + ".partial-" + UUID.randomUUID());
    Files.createDirectories(partial);
    try {
      copy(files, path, partial);
      Path config = new Path(path.getParent(), CONFIG);
      if (path.getName().equals(PEFT_FILE) && files.exists(config)) {
        copy(files, config, partial);
      }
      Files.move(partial, folder, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      if (!Files.isDirectory(folder)) {
        throw e;
      }
    } finally {
      NeededFiles.delete(partial);
    }
  }

  private static void copy(FileSystem files, Path from, java.nio.file.Path folder)
      throws IOException {
    try (InputStream in = files.open(from);
        OutputStream out = Files.newOutputStream(folder.resolve(from.getName()))) {
      IOUtils.copyBytes(in, out, BLOCK_BYTES);
    }
  }
}
