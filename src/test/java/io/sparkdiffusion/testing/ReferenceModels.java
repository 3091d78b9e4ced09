package io.sparkdiffusion.testing;

import java.nio.file.Path;

/** The small models that tools/reference made. */
public final class ReferenceModels {

  private static final Path ROOT = Path.of("src/test/resources/reference");

  private ReferenceModels() {}

  /** A model folder, such as {@code base} or {@code variants/fp16}. */
  public static Path folder(String name) {
    return ROOT.resolve(name);
  }

  /** A file of reference numbers. */
  public static ReferenceFile numbers(String name) {
    return ReferenceFile.of(ROOT.resolve(name));
  }
}
