package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.SmallFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Predicate;

/** The file {@code sha256sums.txt} that a model folder may hold, as {@code sha256sum} writes it. */
public final class Manifest {

  /** What it is called. */
  public static final String NAME = "sha256sums.txt";

  private Manifest() {}

  /**
   * Checks the files that the manifest lists and the model uses or would use; others may be listed
   * and are not looked at.
   *
   * @param actual the sums of the files that the model uses
   * @param isNeeded true for the path of a file that the model uses where it is there
   * @throws ProblemsException with every file that differs or is missing
   */
  public static void check(Path file, ModelSums actual, Predicate<String> isNeeded) {
    ModelSums listed = listed(file);
    Problems problems = new Problems();
    listed
        .byFile()
        .forEach(
            (name, sum) -> {
              String found = actual.byFile().get(name);
              if (found == null && isNeeded.test(name)) {
                problems.add(
                    "Cannot use model %s: %s must be there, %s lists it (missing)"
                        .formatted(file.getParent(), Shown.text(name), NAME));
              } else if (found != null && !found.equals(sum)) {
                problems.add(
                    "Cannot use model %s: %s must be as %s lists it (it has sha256 %s, listed is %s)"
                        .formatted(file.getParent(), Shown.text(name), NAME, found, sum));
              }
            });
    problems.throwIfAny();
  }

  /**
   * Adds sums to a manifest, which a reader sees as it was or as it will be.
   *
   * @return whether it lacked one of them
   * @throws ProblemsException where it cannot be written
   */
  public static boolean write(Path file, ModelSums sums) {
    SortedMap<String, String> all = new TreeMap<>();
    if (Files.exists(file)) {
      all.putAll(listed(file).byFile());
    }
    if (all.keySet().containsAll(sums.byFile().keySet())) {
      return false;
    }
    all.putAll(sums.byFile());
    Path temporary = file.resolveSibling(".%s.%s.tmp".formatted(NAME, UUID.randomUUID()));
    try {
      try {
        Files.writeString(temporary, new ModelSums(all).lines());
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw new ProblemsException(
          "Cannot write %s: the folder must be writable (%s); model_digest pins a model without it"
              .formatted(file, Files.isWritable(file.getParent()) ? e.getMessage() : "it is not"),
          e);
    }
    return true;
  }

  /** Lines of a file that somebody else's link names are not shown: it may be a private one. */
  private static ModelSums listed(Path file) {
    try {
      return ModelSums.parse(read(file), file.toString());
    } catch (ProblemsException e) {
      if (staysInFolder(file)) {
        throw e;
      }
      throw new ProblemsException(
          "Cannot read %s: its lines must be as sha256sum writes them (it is a link out of the"
                  .formatted(file)
              + " folder; they are not shown)");
    }
  }

  private static boolean staysInFolder(Path file) {
    try {
      return file.toRealPath().startsWith(file.getParent().toRealPath());
    } catch (IOException e) {
      return false;
    }
  }

  private static String read(Path file) {
    return SmallFile.text(file, SmallFile.DESCRIPTION_BYTES);
  }
}
