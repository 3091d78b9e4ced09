package io.sparkdiffusion;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.cli.ExitCode;
import io.sparkdiffusion.spark.job.SparkSettings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a command ends: its last line and its exit code. */
class MainTest {

  @TempDir private Path folder;
  private CommandLineRuns job;

  @BeforeEach
  void writeInput() throws IOException {
    job = new CommandLineRuns(folder);
  }

  @Test
  void endsWithOneLineThatSaysWhatWasDone() {
    assertThat(job.run()).isEqualTo(ExitCode.DONE);
    assertThat(job.lastLine())
        .startsWith("Done: 2 images: 1 generated, 0 skipped, 1 failed; ")
        .endsWith("out");
  }

  @Test
  void isDoneWithAnEmptyTable() throws IOException {
    Files.writeString(job.table(), "id,prompt\n");
    assertThat(job.run()).isEqualTo(ExitCode.DONE);
    assertThat(job.lastLine()).startsWith("Done: 0 images: 0 generated, 0 skipped, 0 failed; ");
  }

  @Test
  void takesOverridesFromAFile() throws IOException {
    Path file = folder.resolve("overrides");
    Files.writeString(file, "prompt=a\nb=c\0num_images=2\0");
    assertThat(job.run("--overrides-file", file.toString())).isEqualTo(ExitCode.DONE);
    assertThat(job.lastLine()).startsWith("Done: 2 images: 2 generated");
  }

  @Test
  void refusesWrongSettings() {
    assertThat(job.run("num_inference_step=3")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(job.lastLine()).contains("num_inference_step", "num_inference_steps");
  }

  @Test
  void refusesWrongUsage() {
    assertThat(job.main().run()).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(job.lastLine())
        .isEqualTo("Missing required parameter: 'CONFIG'; see jobs/generate --help");
    assertThat(job.run("--frobnicate")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(job.lastLine()).startsWith("Unknown option: '--frobnicate'");
  }

  @Test
  void refusesRepeatedIds() throws IOException {
    Files.writeString(job.table(), "id,prompt\na,fox\na,owl\n");
    assertThat(job.run()).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(job.lastLine())
        .isEqualTo(
            "Cannot use prompts %s: every id must occur once (repeated: a)".formatted(job.table()));
  }

  @Test
  void refusesAnOutputFolderThatCannotBeWritten() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "in the way");
    assertThat(job.run("output_dir=" + file + "/out")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(job.lastLine())
        .startsWith(
            "Cannot write to output_dir %s/out: it must be a folder that can be made and written ("
                .formatted(file));
  }

  @Test
  void refusesAMissingGpu() throws IOException {
    assertThat(job.run("device=cuda")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(job.lastLine()).startsWith("Cannot use device cuda:0: libtorch must see that GPU");
  }

  @Test
  void tellsTooManyFailedRowsApart() {
    assertThat(job.run("max_failed_rows=0")).isEqualTo(ExitCode.TOO_MANY_FAILED_ROWS);
    assertThat(job.lastLine())
        .isEqualTo("Stopped: 1 of 2 rows failed, more than max_failed_rows allows (0)");
    assertThat(job.said()).contains("1 image failed: Cannot");
  }

  @Test
  void tellsAFailedJobInOneLine() throws IOException {
    Files.writeString(job.table(), "id,prompt\na,BOOM\n");
    assertThat(job.run()).isEqualTo(ExitCode.JOB_FAILED);
    assertThat(job.lastLine()).isEqualTo("Failed: Cannot go on: the device is gone");
    assertThat(job.said()).doesNotContain("\tat ");
  }

  private String printed(String option) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      assertThat(job.main().run(option)).isEqualTo(ExitCode.DONE);
    } finally {
      System.setOut(before);
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void printsAllSettings() {
    assertThat(printed("--help"))
        .contains("jobs/generate CONFIG [key=value ...]", "guidance_rescale", "10%");
  }

  @Test
  void printsVersions() {
    assertThat(printed("--version"))
        .matches(
            "spark-diffusion \\d.*\\Rimage version \\d+\\RDJL \\S+, libtorch \\S+, Java %s.*\\R"
                .formatted(Runtime.version().feature()));
  }

  @Test
  void showsAPlanAndWritesNothing() throws IOException {
    assertThat(job.run("--dry-run")).isEqualTo(ExitCode.DONE);
    assertThat(job.said())
        .contains(
            "Rows: 2; images: 2, of which 1 fail before generation, 0 are there, 1 are to be made in"
                + " 1 group",
            "Denoising steps: 3",
            "  a image 0: 8 x 8 pixels, 3 steps, seed 1, guidance 7.5")
        .doesNotContain("fox");
    assertThat(job.lastLine()).isEqualTo("Dry run: 1 image would be made; nothing was written");
    assertThat(folder.resolve("out")).doesNotExist();

    assertThat(job.run()).isEqualTo(ExitCode.DONE);
    assertThat(job.run("--dry-run")).isEqualTo(ExitCode.DONE);
    assertThat(job.lastLine()).isEqualTo("Dry run: 0 images would be made; nothing was written");
    assertThat(job.run("--dry-run", "num_inference_steps=4")).isEqualTo(ExitCode.DONE);
    assertThat(job.said())
        .contains("Time on devices, at the last run's 1.00e+03 images per second: 0.00 hours");
  }

  @Test
  void checksTheExecutorsInADryRunToo() {
    assertThat(
            job.run(
                "--dry-run", "device=auto", "weights_dtype=float16", "activations_dtype=float16"))
        .isEqualTo(ExitCode.NOT_USABLE);
    assertThat(job.lastLine()).contains("float16 needs a GPU");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  /** Spark would end the JVM, which then says that a signal has stopped it. */
  @Test
  void tellsAFatalErrorInATaskInOneLine() throws IOException {
    Files.writeString(job.table(), "id,prompt\na,HEAP\n");
    assertThat(job.run()).isEqualTo(ExitCode.JOB_FAILED);
    assertThat(job.lastLine()).isEqualTo("Failed: java.lang.OutOfMemoryError: Java heap space");
    assertThat(
            SparkSettings.of(new SparkConf(false), "cpu")
                .get("spark.executor.killOnFatalError.depth"))
        .isEqualTo("0");
  }

  @Test
  void namesThePageToOpenBeforeTheLastLine() {
    assertThat(job.run()).isEqualTo(ExitCode.DONE);
    assertThat(job.said()).contains("Open " + folder.resolve("out/index.html") + " in a browser");
    job.forget();
    assertThat(job.run("gallery=false", "seed=3")).isEqualTo(ExitCode.DONE);
    assertThat(job.said()).doesNotContain("Open ");
  }

  @Test
  void saysHowTheConfigurationReachesADriverOnTheCluster() {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Main main =
        new Main(new PrintStream(err, true, StandardCharsets.UTF_8), UnaryOperator.identity());
    System.setProperty("spark.submit.deployMode", "cluster");
    try {
      assertThat(main.run("conf/none.yml", "seed=1")).isEqualTo(ExitCode.NOT_USABLE);
    } finally {
      System.clearProperty("spark.submit.deployMode");
    }
    assertThat(err.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            "Cannot read CONFIG: the first argument must be a file such as configs/tiny.yml,"
                + " settings come after it; the cluster runs the driver, so send it along, --files"
                + " conf/none.yml, and name it none.yml, or give an address that Hadoop reads"
                + " (missing)\n");
  }
}
