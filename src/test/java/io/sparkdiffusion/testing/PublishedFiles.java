package io.sparkdiffusion.testing;

import java.nio.file.Path;

/** Configurations, tokenizer and tensor names of published models; SOURCES.md says whence. */
public final class PublishedFiles {

  private static final Path ROOT = Path.of("src/test/resources/published");

  private PublishedFiles() {}

  /** A file or folder, such as {@code stable-diffusion-2-1-base/tokenizer}. */
  public static Path of(String name) {
    return ROOT.resolve(name);
  }
}
