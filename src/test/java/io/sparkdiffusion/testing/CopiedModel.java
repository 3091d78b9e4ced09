package io.sparkdiffusion.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Copies of the reference models, to be spoilt by tests. */
public final class CopiedModel {

  private CopiedModel() {}

  /** Copies a reference model such as {@code base} into a new folder. */
  public static Path of(String name, Path target) throws IOException {
    Path source = ReferenceModels.folder(name);
    try (Stream<Path> all = Files.walk(source)) {
      for (Path path : all.toList()) {
        Files.copy(path, target.resolve(source.relativize(path).toString()));
      }
    }
    return target;
  }

  /** Changes the last byte of a file; its size stays. */
  public static void alter(Path file) throws IOException {
    byte[] content = Files.readAllBytes(file);
    content[content.length - 1] ^= 1;
    Files.write(file, content);
  }

  /** All files below a folder by relative path, sorted. */
  public static List<String> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile)
          .map(file -> folder.relativize(file).toString())
          .sorted()
          .toList();
    }
  }
}
