package io.sparkdiffusion.family;

import io.sparkdiffusion.weights.Manifest;
import io.sparkdiffusion.weights.ModelSums;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A folder in a layout that diffusers writes: a whole model, or a network beside it. */
public interface DiffusersFolder {

  /** The folder itself. */
  Path root();

  /** The files that decide an image, by path relative to the folder, sorted. */
  List<String> files();

  /** The SHA-256 of each of {@link #files()}. It reads every byte of them, once in a JVM. */
  default ModelSums sums() {
    return ModelSums.of(root(), files());
  }

  /** True for a file, by path relative to the folder, that is used wherever it is there. */
  boolean isUsedWherePresent(String path);

  /**
   * Checks the files against {@code sha256sums.txt} where the folder holds one.
   *
   * @throws io.sparkdiffusion.config.ProblemsException with every file that differs or is missing
   */
  default void checkManifest() {
    Path manifest = root().resolve(Manifest.NAME);
    if (Files.isRegularFile(manifest)) {
      Manifest.check(manifest, sums(), this::isUsedWherePresent);
    }
  }
}
