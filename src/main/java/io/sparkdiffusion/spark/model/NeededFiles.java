package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.WeightChoice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Tells which large files are needed before any is there. */
final class NeededFiles {

  private NeededFiles() {}

  /**
   * Opens a folder in which the small files are copies and empty files stand for the others.
   *
   * @param kind what is looked for
   * @param names all files, by path
   * @param weights which of them are used
   * @param small the folder that has the small ones
   * @param shown what problems call the folder
   */
  static List<String> of(
      FolderKind<?> kind, Collection<String> names, WeightChoice weights, Path small, String shown)
      throws IOException {
    Path folder = Files.createTempDirectory("spark-diffusion-model");
    try {
      for (String name : names) {
        Path target = folder.resolve(name);
        Files.createDirectories(target.getParent());
        if (kind.isDescription(name)) {
          Files.copy(small.resolve(name), target);
        } else {
          Files.createFile(target);
        }
      }
      return kind.open(folder, weights).files();
    } catch (ProblemsException e) {
      throw new ProblemsException(
          e.problems().stream().map(problem -> problem.replace(folder.toString(), shown)).toList());
    } finally {
      delete(folder);
    }
  }

  /** Removes a folder and all that is in it, where there is one. */
  static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> found = Files.walk(folder)) {
        for (Path path : found.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }
}
