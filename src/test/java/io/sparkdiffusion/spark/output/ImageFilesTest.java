package io.sparkdiffusion.spark.output;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.StrictRename;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageFilesTest {

  @TempDir private Path folder;

  @Test
  void writesWholeFilesAndNothingElse() throws IOException {
    ImageFiles images = images();
    images.write("a.png", new byte[] {1, 2});
    images.write("b.png", new byte[] {3});
    images.write("a.png", new byte[] {4, 5, 6});
    assertThat(names("images")).containsExactly("a.png", "b.png");
    assertThat(names("_staging")).isEmpty();
    assertThat(folder.resolve("images/a.png")).hasBinaryContent(new byte[] {4, 5, 6});
  }

  /** With a file context no image may be deleted. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void replacesAFileWhereARenameDoesNot(boolean hasContext) throws IOException {
    Configuration hadoop = new Configuration();
    StrictRename.register(hadoop, hasContext);
    ImageFiles images = images("strict:" + folder, hadoop);
    images.write("a.png", new byte[] {1, 2});
    images.write("a.png", new byte[] {4, 5, 6});
    assertThat(names("images")).containsExactly("a.png");
    assertThat(names("_staging")).isEmpty();
    assertThat(folder.resolve("images/a.png")).hasBinaryContent(new byte[] {4, 5, 6});
  }

  private ImageFiles images() throws IOException {
    return images(folder.toUri().toString(), new Configuration());
  }

  private static ImageFiles images(String root, Configuration hadoop) throws IOException {
    return new ImageFiles(
        new org.apache.hadoop.fs.Path(root, "images"),
        new org.apache.hadoop.fs.Path(root, "_staging"),
        OutputHold.UNSHARED,
        hadoop);
  }

  private List<String> names(String name) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(name))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
