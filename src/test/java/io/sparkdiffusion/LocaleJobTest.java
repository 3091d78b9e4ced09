package io.sparkdiffusion;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.ChildJvm;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.util.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole command line in JVMs of users who write digits, capitals and bytes of their own: Persia
 * has ۰ to ۹, Turkey an i without a dot, the C locale no characters beyond ASCII.
 */
class LocaleJobTest {

  @TempDir private Path folder;

  @Test
  void theBytesDoNotDependOnTheUsersLocale() throws IOException, InterruptedException {
    assertSameIn("persian", "-Duser.language=fa", "-Duser.country=IR");
  }

  @Tag("soak")
  @Test
  void norOnTheFilesEncoding() throws IOException, InterruptedException {
    assertSameIn("turkish", "-Duser.language=tr", "-Duser.country=TR", "-Dfile.encoding=US-ASCII");
  }

  private void assertSameIn(String name, String... locale)
      throws IOException, InterruptedException {
    Map<String, String> plain = run("plain");
    assertThat(plain).containsKeys("index.html", "run.json");
    assertThat(plain.keySet()).filteredOn(file -> file.endsWith(".png")).hasSize(2);
    assertThat(runElsewhere(name, locale)).isEqualTo(plain);
  }

  /** What a run leaves: its files by name, images by their bytes, rows by what tells of them. */
  private Map<String, String> run(String name) throws IOException {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    LocalSpark.session();
    PrintStream print = new PrintStream(said, true, StandardCharsets.UTF_8);
    new Main(print, UnaryOperator.identity()).run(arguments(name).toArray(String[]::new));
    return left(name, said.toString(StandardCharsets.UTF_8));
  }

  /** What the same run of a JVM with these options leaves. */
  private Map<String, String> runElsewhere(String name, String... locale)
      throws IOException, InterruptedException {
    List<String> options = new ArrayList<>(List.of(locale));
    options.addAll(List.of("-Dspark.master=local[1]", "-Dspark.ui.enabled=false"));
    return left(name, ChildJvm.run(Main.class, options, arguments(name).toArray(String[]::new)));
  }

  private List<String> arguments(String name) throws IOException {
    Path config = Files.writeString(folder.resolve("job.yml"), "run_name: test\n");
    Path table = folder.resolve("prompts.csv");
    Files.writeString(table, "id,prompt,seed\nIVI,TITLE iı İI ۱۲,12\nrow 2,a fox,34\n");
    return List.of(
        config.toString(),
        "pretrained_model_name_or_path=" + ReferenceModels.folder("base"),
        "prompts=" + table,
        "num_inference_steps=3",
        "resolution=64",
        "device=cpu",
        "output_dir=" + folder.resolve(name));
  }

  private Map<String, String> left(String name, String said) throws IOException {
    assertThat(said).contains("Done: 2 images: 2 generated, 0 skipped, 0 failed");
    Path output = folder.resolve(name);
    Map<String, String> left = new TreeMap<>();
    try (Stream<Path> files = Files.walk(output)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String path = output.relativize(file).toString();
        boolean isImage = path.endsWith(".png");
        // Spark names the parts of the rows, by random numbers and in the user's digits.
        left.put(
            path.replaceAll("group=.*", "ID"), isImage ? Sha256.of(Files.readAllBytes(file)) : "");
      }
    }
    List<String> rows =
        LocalSpark.session()
            .read()
            .parquet(output.resolve("rows").toString())
            .select("id", "image_index", "prompt", "request_hash", "sha256")
            .toJSON()
            .collectAsList();
    left.put("rows", String.join("\n", rows.stream().sorted().toList()));
    return left;
  }
}
