package io.sparkdiffusion.spark.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.testing.SecretiveDisk;
import io.sparkdiffusion.testing.Shell;
import io.sparkdiffusion.util.Sha256;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.util.VersionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of images that rows name. */
class InputFilesTest {

  private static final byte[] BYTES = {1, 2, 3};

  private final Configuration hadoop = new Configuration();
  private final InputFiles files = InputFiles.ofWorkingFolder(hadoop);

  @TempDir private Path folder;

  /** Hadoop's local files have checksums beside them, whose names a colon would spoil. */
  @ParameterizedTest
  @ValueSource(
      strings = {"a:b.png", "12:30.png", "50%.png", "50%25.png", "a b#c?.png", "\u72d0.png"})
  void aNameIsTakenAsItIs(String name) throws Exception {
    Path file = Files.write(folder.resolve(name), BYTES);
    String located = files.located(InputImage.INIT, file.toString());

    assertThat(files.read(InputImage.INIT, located)).isEqualTo(BYTES);
    assertThat(files.sha256(InputImage.INIT, located)).isEqualTo(Sha256.of(BYTES));
  }

  @Test
  void aPathThatIsEncodedIsToldSo() throws Exception {
    Files.write(folder.resolve("a b.png"), BYTES);
    String located = files.located(InputImage.INIT, "file:" + folder + "/a%20b.png");

    assertThatThrownBy(() -> files.sha256(InputImage.INIT, located))
        .isInstanceOf(UnusableImageException.class)
        .hasMessage(
            "Cannot use init_image: its file must exist (missing: file:%s/a%%20b.png; percent signs stand for themselves, so decode what input_file_name() gives)"
                .formatted(folder));
  }

  /** Such a file may never end, or never begin. */
  @Test
  @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void devicesAndPipesAreRefused() throws Exception {
    Path pipe = folder.resolve("pipe.png");
    Shell.bash(Map.of(), "mkfifo \"$1\"", pipe.toString());
    for (String path : new String[] {"/dev/zero", pipe.toString()}) {
      String located = files.located(InputImage.MASK, path);
      String problem =
          "Cannot use mask_image: it must be a file (a device or a pipe: file:%s)".formatted(path);

      assertThatThrownBy(() -> files.sha256(InputImage.MASK, located)).hasMessage(problem);
      assertThatThrownBy(() -> files.read(InputImage.MASK, located)).hasMessage(problem);
    }
  }

  /** As of a file that grows, or of a file system that does not know. */
  @Test
  void noMoreIsReadThanIsAllowed() throws Exception {
    SecretiveDisk.register(hadoop);
    Path file = folder.resolve("large.png");
    try (RandomAccessFile large = new RandomAccessFile(file.toFile(), "rw")) {
      large.setLength(InputFiles.MOST_BYTES + 1);
    }
    String located = SecretiveDisk.locationOf(file);

    assertThatThrownBy(() -> files.sha256(InputImage.INIT, located))
        .hasMessageStartingWith(
            "Cannot use init_image: its file must have at most 104857600 bytes");
    assertThatThrownBy(() -> files.read(InputImage.INIT, located))
        .hasMessage(
            "Cannot use init_image: its file must have at most 104857600 bytes (104857601 and more: %s)"
                .formatted(located));
    try (RandomAccessFile large = new RandomAccessFile(file.toFile(), "rw")) {
      large.setLength(InputFiles.MOST_BYTES);
    }
    assertThat(files.read(InputImage.INIT, located)).hasSize((int) InputFiles.MOST_BYTES);
  }

  @Test
  void aMissingFileSystemIsNamedWithWhatBringsIt() throws IOException {
    assertThatThrownBy(() -> files.located(InputImage.INIT, "s3a://bucket/x.png"))
        .isInstanceOf(UnusableImageException.class)
        .hasMessageStartingWith(
            "Cannot use init_image: Spark must have the file system, add it with -- --packages org.apache.hadoop:hadoop-aws:%s ("
                .formatted(VersionInfo.getVersion()))
        .hasMessageEndingWith(": s3a://bucket/x.png)");
  }
}
