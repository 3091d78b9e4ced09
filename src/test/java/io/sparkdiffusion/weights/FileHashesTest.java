package io.sparkdiffusion.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileHashesTest {

  /** {@code printf old | sha256sum}. */
  private static final String OLD =
      "cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4";

  /** {@code printf new | sha256sum}. */
  private static final String NEW =
      "11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437";

  private static final FileTime LONG_AGO = FileTime.from(Instant.parse("2024-01-01T00:00:00Z"));

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void write() throws IOException {
    file = write("old");
  }

  /** Only who sets the time back by hand, in place and at the same size, can tell. */
  @Test
  void readsAFileOnceThatStaysAsItIs() throws IOException {
    Files.setLastModifiedTime(file, LONG_AGO);
    assertThat(FileHashes.of(file)).isEqualTo(OLD);
    write("new");
    Files.setLastModifiedTime(file, LONG_AGO);

    assertThat(FileHashes.of(file)).isEqualTo(OLD);
  }

  @Test
  void readsAChangedFileAgain() throws IOException {
    Files.setLastModifiedTime(file, LONG_AGO);
    assertThat(FileHashes.of(file)).isEqualTo(OLD);
    write("new");

    assertThat(FileHashes.of(file)).isEqualTo(NEW);
  }

  /** Two writes within the clock's resolution leave one time. */
  @Test
  void doesNotTrustATimeThatIsJustNow() throws IOException {
    FileTime now = FileTime.from(Instant.now());
    Files.setLastModifiedTime(file, now);
    assertThat(FileHashes.of(file)).isEqualTo(OLD);
    write("new");
    Files.setLastModifiedTime(file, now);

    assertThat(FileHashes.of(file)).isEqualTo(NEW);
  }

  @Test
  void readsAReplacedFileAgain() throws IOException {
    Files.setLastModifiedTime(file, LONG_AGO);
    assertThat(FileHashes.of(file)).isEqualTo(OLD);
    Path other = Files.writeString(folder.resolve("other"), "new");
    Files.setLastModifiedTime(other, LONG_AGO);
    Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);

    assertThat(FileHashes.of(file)).isEqualTo(NEW);
  }

  @Test
  void namesAFileThatCannotBeRead() {
    Path missing = folder.resolve("missing");

    assertThatThrownBy(() -> FileHashes.of(missing))
        .isInstanceOf(ProblemsException.class)
        .hasMessage("Cannot read %s: the file must be readable (%s)".formatted(missing, missing));
  }

  private Path write(String text) throws IOException {
    return Files.writeString(folder.resolve("file"), text);
  }
}
