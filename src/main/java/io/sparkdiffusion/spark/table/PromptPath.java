package io.sparkdiffusion.spark.table;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.TableFormat;
import java.io.IOException;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.UnsupportedFileSystemException;

/**
 * Where a table's files are. Names are taken as they stand where there is such a file, with
 * brackets, colons and all; else they are patterns of paths.
 *
 * @param path as Spark takes it
 * @param isLiteral whether it is no pattern
 */
record PromptPath(String path, boolean isLiteral) {

  private static final Pattern SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:/");
  private static final Pattern WILDCARD = Pattern.compile("[\\[\\]{}*?\\\\]");

  /**
   * What Hadoop must be told to open these files: its local files have a sum beside them, whose
   * name it cannot make for a name with a colon.
   */
  Map<String, String> settings() {
    boolean isLocal = isLiteral && path.startsWith("file:");
    return isLocal && path.indexOf(':', "file:".length()) > 0
        ? Map.of(
            "fs.file.impl",
            RawLocalFileSystem.class.getName(),
            "fs.file.impl.disable.cache",
            "true")
        : Map.of();
  }

  /**
   * Finds a table's files.
   *
   * @throws ProblemsException where there are none
   */
  static PromptPath find(String location, Configuration hadoop) {
    MissingFileSystems.refuse("prompts", location, hadoop);
    try {
      Optional<PromptPath> found = literal(location, hadoop);
      if (found.isEmpty()) {
        found = pattern(location, hadoop);
      }
      return found.orElseThrow(() -> missing(location));
    } catch (UnsupportedFileSystemException e) {
      throw new ProblemsException(
          "Cannot read prompts %s: Hadoop must know its file system (%s)"
              .formatted(location, e.getMessage()),
          e);
    } catch (RuntimeException e) {
      throw e.getCause() instanceof ClassNotFoundException ? withoutClasses(location, e) : e;
    } catch (IOException e) {
      throw new ProblemsException(
          "Cannot read prompts %s: its place must be readable (%s)"
              .formatted(location, TableReader.reason(e)),
          e);
    }
  }

  /**
   * Refuses a table that is not on this machine although it should be, before Spark has started.
   * What lies elsewhere is looked for by {@link #find}, with Spark's settings.
   */
  static void requireLocal(InputConfig input, Configuration hadoop) {
    if (input instanceof InputConfig.Table table
        && table.storedFormat() != TableFormat.TABLE
        && isLocal(table.location(), hadoop)) {
      find(table.location(), hadoop);
    }
  }

  /** Spark may know more of other file systems than this machine's settings say. */
  private static boolean isLocal(String location, Configuration hadoop) {
    try {
      return path(location).getFileSystem(hadoop).getUri().getScheme().equals("file");
    } catch (IOException | RuntimeException e) {
      return false;
    }
  }

  /** The path alone, without a look at whether it is a pattern too, where something is there. */
  static Optional<PromptPath> literal(String location, Configuration hadoop) throws IOException {
    Path path;
    try {
      path = path(location);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
    FileSystem files = path.getFileSystem(hadoop);
    return files.exists(path)
        ? Optional.of(new PromptPath(files.makeQualified(path).toString(), true))
        : Optional.empty();
  }

  private static Optional<PromptPath> pattern(String location, Configuration hadoop)
      throws IOException {
    if (!WILDCARD.matcher(location).find()) {
      return Optional.empty();
    }
    try {
      Path pattern = new Path(location);
      FileStatus[] matches = pattern.getFileSystem(hadoop).globStatus(pattern);
      return Objects.requireNonNullElse(matches, new FileStatus[0]).length > 0
          ? Optional.of(new PromptPath(location, false))
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** A colon makes a scheme only before a slash: "12:30.csv" is a file's name. */
  private static Path path(String location) {
    return SCHEME.matcher(location).lookingAt()
        ? new Path(location)
        : new Path(null, null, location);
  }

  private static ProblemsException withoutClasses(String location, RuntimeException e) {
    return new ProblemsException(
        "Cannot read prompts %s: Spark must have its file system (%s)"
            .formatted(location, TableReader.reason(e)),
        e);
  }

  private static ProblemsException missing(String location) {
    return new ProblemsException(
        "Cannot read prompts %s: the file must exist (missing)".formatted(location));
  }
}
