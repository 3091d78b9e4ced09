package io.sparkdiffusion.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files of the project that are made from its code. */
public final class MadeFile {

  private static final String WRITE = "sparkdiffusion.write";

  private MadeFile() {}

  /**
   * Holds a file against what the code makes of it, or writes it where {@code
   * -Dsparkdiffusion.write=true} says so.
   */
  public static void holds(Path file, String text) throws IOException {
    if (Boolean.getBoolean(WRITE)) {
      Files.writeString(file, text);
    }
    assertThat(Files.readString(file))
        .as("%s is made from the code: write it anew with -D%s=true", file, WRITE)
        .isEqualTo(text);
  }
}
