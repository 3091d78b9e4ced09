package io.sparkdiffusion.weights;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Optional;

/**
 * By what a file that was changed or replaced is told from the one that was checked.
 *
 * @param key the file's own identity, where the filesystem has one
 */
record FileStamp(long sizeBytes, FileTime modified, Optional<Object> key) {

  static FileStamp of(Path path) throws IOException {
    BasicFileAttributes found = Files.readAttributes(path, BasicFileAttributes.class);
    return new FileStamp(
        found.size(), found.lastModifiedTime(), Optional.ofNullable(found.fileKey()));
  }

  @Override
  public String toString() {
    return "%s bytes, changed %s".formatted(sizeBytes, modified);
  }
}
