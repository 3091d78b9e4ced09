package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DjlClassesTest {

  @TempDir private Path folder;

  @Test
  void areThoseThatThisWasBuiltWith() {
    assertThat(DjlClasses.problem()).isEmpty();
  }

  /** tools/release/check has a Spark that really brings another version. */
  @Test
  void mayNotBeAClustersOwn() throws IOException {
    Path file = Files.writeString(folder.resolve("api.properties"), "djl_version=0.32.0\n");
    URL inJar = new URL("jar:file:/opt/spark/jars/api-0.32.0.jar!/ai/djl/engine/api.properties");

    assertThat(DjlClasses.problem("0.32.0", file.toUri().toURL())).isEmpty();
    assertThat(DjlClasses.problem("0.36.0", file.toUri().toURL()))
        .hasValue(
            ("Cannot start libtorch: DJL on the class path must be 0.36.0 (0.32.0, %s comes first);"
                    + " remove that, or start with --conf spark.executor.userClassPathFirst=true,"
                    + " where the master is local with --conf"
                    + " spark.driver.userClassPathFirst=true")
                .formatted(file));
    assertThat(DjlClasses.place(inJar)).isEqualTo("/opt/spark/jars/api-0.32.0.jar");
  }
}
