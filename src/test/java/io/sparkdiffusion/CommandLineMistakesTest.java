package io.sparkdiffusion;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.cli.ExitCode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.apache.hadoop.util.VersionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What people type instead of {@code CONFIG key=value}; a prompt is never repeated. */
class CommandLineMistakesTest {

  private static final String RULE =
      "Cannot read CONFIG: the first argument must be a file such as configs/tiny.yml, settings come"
          + " after it";

  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tiny | , did you mean configs/tiny.yml? (missing)",
        "Tiny.yaml | , did you mean configs/tiny.yml? (missing)",
        "configs/tiny | , did you mean configs/tiny.yml? (missing)",
        "tiny-21 | , did you mean configs/tiny_21.yml? (missing)",
        "a secret red circle | , as prompt=\"...\" (a text)",
        "secret | ' (missing)'",
        "prompt=secret | ' (a setting)'",
        "models/tiny-sd2-base | , as pretrained_model_name_or_path=MODEL (a folder)",
        "configs/tiny_prompts.csv | , as prompts=TABLE (a table)",
      })
  void whatIsNoConfigurationIsToldWithWhatWasMeant(String given, String told) {
    assertThat(run(given)).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(said()).containsExactly(RULE + told);
  }

  @Test
  void aPromptOfSeveralLinesIsNotShown() {
    assertThat(run("a secret\ncat/dog.yml")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(said()).containsExactly(RULE + ", as prompt=\"...\" (a text)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--prompt | a secret cat | write prompt=VALUE",
        "--prompt=a secret cat | seed=1 | write prompt=VALUE",
        "--guidance-scale | 7 | write guidance_scale=VALUE",
        "--steps | 7 | write num_inference_steps=VALUE",
        "--denoising-strength | 7 | write strength=VALUE",
        "--mask-image | 7 | write mask_image=VALUE",
      })
  void aSettingWithDashesIsToldAsKeyAndValue(String first, String second, String advice) {
    assertThat(run("configs/tiny.yml", first, second)).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(said())
        .containsExactly(
            "Cannot use %s: settings are key=value without dashes, %s; see jobs/generate --help"
                .formatted(first.replaceFirst("=.*", ""), advice));
  }

  @Test
  void anUnknownOptionIsToldWithoutItsValue() {
    assertThat(run("configs/tiny.yml", "--frobnicate=a secret")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(said())
        .containsExactly(
            "Unknown option: '--frobnicate'; see jobs/generate --help, Spark's options come after --");
  }

  @Test
  void aConfigurationIsReadFromAnyFileSystemThatHadoopKnows() throws IOException {
    Path file = Files.writeString(folder.resolve("job.yml"), "frobnicate: 1\n");

    assertThat(run(file.toUri().toString())).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(said())
        .anyMatch(line -> line.startsWith("Cannot use frobnicate: there is no such setting"))
        .anyMatch(line -> line.endsWith("(" + file.toUri() + ")"));
    err.reset();
    assertThat(run("file://" + folder + "/none.yml")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(said())
        .containsExactly(
            "Cannot read file://%s/none.yml: the file must exist (missing)".formatted(folder));
    err.reset();
    assertThat(run("s3a://a/job.yml")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(said())
        .containsExactly(
            "Cannot use CONFIG s3a://a/job.yml: Spark must have the file system, add it with --"
                + " --packages org.apache.hadoop:hadoop-aws:%s (s3a)"
                    .formatted(VersionInfo.getVersion()));
    err.reset();
    assertThat(run("nowhere://a/job.yml")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(said())
        .hasSize(1)
        .first()
        .asString()
        .startsWith("Cannot read nowhere://a/job.yml: it must be a file that Hadoop can read (");
  }

  private int run(String... arguments) {
    PrintStream print = new PrintStream(err, true, StandardCharsets.UTF_8);
    return new Main(print, UnaryOperator.identity()).run(arguments);
  }

  private List<String> said() {
    String said = err.toString(StandardCharsets.UTF_8);
    assertThat(said).doesNotContain("secret");
    return said.lines().toList();
  }
}
