package io.sparkdiffusion.hub;

import io.sparkdiffusion.config.ProblemsException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * What is written in a cache that other users may write to as well. A link that one of them has
 * laid would let this user overwrite a file of their choice, so none is followed below the cache's
 * own folder, which may be one itself.
 */
public final class UnlinkedFiles {

  private static final Object ONE_NAME = 1;

  private UnlinkedFiles() {}

  /**
   * Makes a folder and those between it and a root where they are missing.
   *
   * @throws ProblemsException where one of them is a link
   */
  public static void makeFolders(Path root, Path folder) throws IOException {
    Files.createDirectories(root);
    Path below = root;
    for (Path name : root.relativize(folder)) {
      below = below.resolve(name);
      if (!Files.isDirectory(below, LinkOption.NOFOLLOW_LINKS)) {
        makeFolder(below);
      }
    }
  }

  private static void makeFolder(Path folder) throws IOException {
    try {
      Files.createDirectory(folder);
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
        throw new ProblemsException(
            ("Cannot write to %s: it must be a folder and no link, which another user may have laid"
                    + " (%s); remove it, or set HF_HUB_CACHE or model_cache_dir to where it leads")
                .formatted(folder, kind(folder)),
            e);
      }
    }
  }

  /**
   * Opens a file for its lock, which is made where it is missing.
   *
   * @throws ProblemsException where it is a link
   */
  static FileChannel openLock(Path file) throws IOException {
    boolean isOther =
        Files.exists(file, LinkOption.NOFOLLOW_LINKS)
            && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
    if (isOther) {
      throw new ProblemsException(
          "Cannot lock %s: it must be a file and no link, which another user may have laid (%s);"
                  .formatted(file, kind(file))
              + " remove it");
    }
    return FileChannel.open(
        file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
  }

  private static String kind(Path path) {
    return Files.isSymbolicLink(path) ? "it is a link" : "it is none";
  }

  /** The bytes that a file has; what is no file of its own is removed and has none. */
  static long size(Path file) throws IOException {
    try {
      boolean isOwn =
          Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
              && ONE_NAME.equals(Files.getAttribute(file, "unix:nlink", LinkOption.NOFOLLOW_LINKS));
      if (isOwn) {
        return Files.size(file);
      }
      Files.deleteIfExists(file);
      return 0;
    } catch (NoSuchFileException e) {
      return 0;
    }
  }

  /** Opens a file anew, in place of what is there. */
  static OutputStream create(Path file) throws IOException {
    Files.deleteIfExists(file);
    return Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  /** Opens a file to write behind what it has. */
  static OutputStream append(Path file) throws IOException {
    return Files.newOutputStream(file, StandardOpenOption.APPEND, LinkOption.NOFOLLOW_LINKS);
  }
}
