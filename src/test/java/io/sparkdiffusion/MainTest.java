package io.sparkdiffusion;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.cli.ExitCode;
import io.sparkdiffusion.testing.FakeModel;
import io.sparkdiffusion.testing.LocalSpark;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {

  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @TempDir private Path folder;
  private Path config;
  private Path table;

  @BeforeEach
  void writeInput() throws IOException {
    LocalSpark.session();
    config = folder.resolve("job.yml");
    Files.writeString(
        config,
        """
        pretrained_model_name_or_path: %s
        prompts: %s
        output_dir: %s
        resolution: 8
        num_inference_steps: 3
        device: cpu
        """
            .formatted(folder, folder.resolve("prompts.csv"), folder.resolve("out")));
    table = folder.resolve("prompts.csv");
    Files.writeString(table, "id,prompt,seed\na,fox,1\nb,owl,many\n");
  }

  /** A machine with a broken GPU is left out; GPUs are counted as Spark's script counts them. */
  @Test
  void setsWhatRunsOnGpusNeed() {
    SparkConf cluster = Main.forGpus(sparkConf("spark://host:7077"), "cuda");
    assertThat(cluster.get("spark.executorEnv.CUDA_DEVICE_ORDER")).isEqualTo("PCI_BUS_ID");
    assertThat(cluster.getBoolean("spark.excludeOnFailure.enabled", false)).isTrue();

    SparkConf given = sparkConf("yarn").set("spark.task.resource.gpu.amount", "0.5");
    assertThat(Main.forGpus(given, "auto").getBoolean("spark.excludeOnFailure.enabled", false))
        .as("Spark gives tasks GPUs")
        .isTrue();
    assertThat(Main.forGpus(sparkConf("yarn"), "auto").contains("spark.excludeOnFailure.enabled"))
        .isFalse();

    SparkConf local = Main.forGpus(sparkConf("local[2]"), "cuda");
    assertThat(local.contains("spark.excludeOnFailure.enabled")).isFalse();
    assertThat(Main.forGpus(sparkConf("yarn"), "cpu").getAll()).hasSize(1);
    SparkConf chosen =
        Main.forGpus(
            sparkConf("yarn")
                .set("spark.task.maxFailures", "2")
                .set("spark.executorEnv.CUDA_DEVICE_ORDER", "FASTEST_FIRST"),
            "cuda");
    assertThat(chosen.contains("spark.excludeOnFailure.enabled")).isFalse();
    assertThat(chosen.get("spark.executorEnv.CUDA_DEVICE_ORDER")).isEqualTo("FASTEST_FIRST");
  }

  private static SparkConf sparkConf(String master) {
    return new SparkConf(false).set("spark.master", master);
  }

  @Test
  void endsWithOneLineThatSaysWhatWasDone() {
    assertThat(run()).isEqualTo(ExitCode.DONE);
    assertThat(lastLine())
        .startsWith("Done: 2 images: 1 generated, 0 skipped, 1 failed; ")
        .endsWith("out");
  }

  @Test
  void isDoneWithAnEmptyTable() throws IOException {
    Files.writeString(table, "id,prompt\n");
    assertThat(run()).isEqualTo(ExitCode.DONE);
    assertThat(lastLine()).startsWith("Done: 0 images: 0 generated, 0 skipped, 0 failed; ");
  }

  @Test
  void takesOverridesFromAFile() throws IOException {
    Path file = folder.resolve("overrides");
    Files.writeString(file, "prompt=a\nb=c\0num_images=2\0");
    assertThat(run("--overrides-file", file.toString())).isEqualTo(ExitCode.DONE);
    assertThat(lastLine()).startsWith("Done: 2 images: 2 generated");
  }

  @Test
  void refusesWrongSettings() {
    assertThat(run("num_inference_step=3")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(lastLine()).contains("num_inference_step", "num_inference_steps");
  }

  @Test
  void refusesWrongUsage() {
    assertThat(main().run()).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(lastLine())
        .isEqualTo("Missing required parameter: 'CONFIG'; see jobs/generate --help");
    assertThat(run("--frobnicate")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(lastLine()).startsWith("Unknown option: '--frobnicate'");
  }

  @Test
  void refusesRepeatedIds() throws IOException {
    Files.writeString(table, "id,prompt\na,fox\na,owl\n");
    assertThat(run()).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(lastLine())
        .isEqualTo(
            "Cannot use prompts %s: every id must occur once (repeated: a)".formatted(table));
  }

  @Test
  void refusesAnOutputFolderThatCannotBeWritten() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "in the way");
    assertThat(run("output_dir=" + file + "/out")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(lastLine())
        .startsWith(
            "Cannot write to output_dir %s/out: it must be a folder that can be made and written ("
                .formatted(file));
  }

  @Test
  void refusesAMissingGpu() throws IOException {
    assertThat(run("device=cuda")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(lastLine()).startsWith("Cannot use device cuda:0: libtorch must see that GPU");
  }

  @Test
  void tellsTooManyFailedRowsApart() {
    assertThat(run("max_failed_rows=0")).isEqualTo(ExitCode.TOO_MANY_FAILED_ROWS);
    assertThat(lastLine())
        .isEqualTo("Stopped: 1 of 2 rows failed, more than max_failed_rows allows (0)");
  }

  @Test
  void tellsAFailedJobInOneLine() throws IOException {
    Files.writeString(table, "id,prompt\na,BOOM\n");
    assertThat(run()).isEqualTo(ExitCode.JOB_FAILED);
    assertThat(lastLine()).isEqualTo("Failed: Cannot go on: the device is gone");
    assertThat(err.toString(StandardCharsets.UTF_8)).doesNotContain("\tat ");
  }

  private String printed(String option) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      assertThat(main().run(option)).isEqualTo(ExitCode.DONE);
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
            "spark-diffusion \\d.*\\Rimage version \\d+\\RDJL \\S+, libtorch \\S+, Java 17.*\\R");
  }

  @Test
  void showsAPlanAndWritesNothing() throws IOException {
    assertThat(run("--dry-run")).isEqualTo(ExitCode.DONE);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains(
            "Rows: 2; images: 2, of which 1 fail before generation, 0 are there, 1 are to be made in"
                + " 1 group",
            "Denoising steps: 3",
            "  a image 0: 8 x 8 pixels, 3 steps, seed 1, guidance 7.5")
        .doesNotContain("fox");
    assertThat(lastLine()).isEqualTo("Dry run: 1 image would be made; nothing was written");
    assertThat(folder.resolve("out")).doesNotExist();

    assertThat(run()).isEqualTo(ExitCode.DONE);
    assertThat(run("--dry-run")).isEqualTo(ExitCode.DONE);
    assertThat(lastLine()).isEqualTo("Dry run: 0 images would be made; nothing was written");
    assertThat(run("--dry-run", "num_inference_steps=4")).isEqualTo(ExitCode.DONE);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("Time on devices, at the last run's 1.00e+03 images per second: 0.00 hours");
  }

  @Test
  void checksTheExecutorsInADryRunToo() {
    assertThat(
            run("--dry-run", "device=auto", "weights_dtype=float16", "activations_dtype=float16"))
        .isEqualTo(ExitCode.NOT_USABLE);
    assertThat(lastLine()).contains("float16 needs a GPU");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void keepsPromptsAndTokensOutOfLogsAndEvents() throws IOException {
    String secret = "unmistakable-zebra";
    Files.writeString(
        table,
        "id,prompt,negative_prompt,seed\na,%1$s,%1$s,1\nb,%1$s,,many\nc,NAN %1$s,,\n"
            .formatted(secret));
    List<String> logged = new ArrayList<>();
    try (LogTap tap = new LogTap(logged)) {
      assertThat(run("hf_access_token=" + secret)).isEqualTo(ExitCode.DONE);
      assertThat(run("prompts=", "prompt=" + secret)).isEqualTo(ExitCode.DONE);
      assertThat(run("prompts=", "prompt=BOOM " + secret)).isEqualTo(ExitCode.JOB_FAILED);
    }
    assertThat(logged).as("the tap hears").anyMatch(line -> line.contains("num_inference_steps"));
    assertThat(logged).noneMatch(line -> line.contains(secret));
    assertThat(err.toString(StandardCharsets.UTF_8)).doesNotContain(secret);
    assertThat(Files.readString(folder.resolve("out/run.json"))).doesNotContain(secret);
    assertThat(LocalSpark.eventText())
        .contains("SparkListenerSQLExecutionStart")
        .doesNotContain(secret);
  }

  /** Spark would end the JVM, which then says that a signal has stopped it. */
  @Test
  void tellsAFatalErrorInATaskInOneLine() throws IOException {
    Files.writeString(table, "id,prompt\na,HEAP\n");
    assertThat(run()).isEqualTo(ExitCode.JOB_FAILED);
    assertThat(lastLine()).isEqualTo("Failed: java.lang.OutOfMemoryError: Java heap space");
    assertThat(Main.completed(new SparkConf(false)).get("spark.executor.killOnFatalError.depth"))
        .isEqualTo("0");
  }

  @Test
  void namesThePageToOpenBeforeTheLastLine() {
    assertThat(run()).isEqualTo(ExitCode.DONE);
    assertThat(said()).contains("Open " + folder.resolve("out/index.html") + " in a browser");
    err.reset();
    assertThat(run("gallery=false", "seed=3")).isEqualTo(ExitCode.DONE);
    assertThat(said()).doesNotContain("Open ");
  }

  @Test
  void showsTheSettingsThatWereChosen() {
    List<String> logged = new ArrayList<>();
    try (LogTap tap = new LogTap(logged)) {
      assertThat(run("--dry-run", "seed=7")).isEqualTo(ExitCode.DONE);
    }
    List<String> shown = logged.stream().filter(line -> line.matches("[a-z_]+ = .*")).toList();
    assertThat(shown)
        .containsExactlyInAnyOrder(
            "device = cpu",
            "num_inference_steps = 3",
            "output_dir = " + folder.resolve("out"),
            "pretrained_model_name_or_path = " + folder,
            "prompts = " + table,
            "resolution = 8",
            "run_name = job",
            "seed = 7");
    assertThat(logged)
        .anyMatch(line -> line.matches("The other \\d+ settings have their defaults: .*"));
  }

  @Test
  void showsAllSettingsWhereAsked() {
    List<String> logged = new ArrayList<>();
    try (LogTap tap = new LogTap(logged)) {
      assertThat(run("--dry-run", "--verbose")).isEqualTo(ExitCode.DONE);
    }
    assertThat(logged).contains("eta = 0.0", "height = 8", "model_digest = ");
  }

  @Test
  void saysHowGroupsAppearOnlyWhereThatMatters() {
    List<String> logged = new ArrayList<>();
    try (LogTap tap = new LogTap(logged)) {
      assertThat(run()).isEqualTo(ExitCode.DONE);
      assertThat(logged).noneMatch(line -> line.startsWith("Groups appear in"));
      assertThat(run("output_commit=rename")).isEqualTo(ExitCode.DONE);
    }
    assertThat(logged).anyMatch(line -> line.startsWith("Groups appear in"));
  }

  @Test
  void refusesToRunOnTheCluster() {
    System.setProperty("spark.submit.deployMode", "cluster");
    try {
      assertThat(run()).isEqualTo(ExitCode.NOT_USABLE);
    } finally {
      System.clearProperty("spark.submit.deployMode");
    }
    assertThat(lastLine()).startsWith("Cannot run with --deploy-mode cluster: ");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void installsMetricsBesideThePluginsOfTheUser() {
    String ours = "io.sparkdiffusion.spark.executor.DiffusionPlugin";
    assertThat(plugins("")).isEqualTo(ours);
    assertThat(plugins("a.First, b.Second")).isEqualTo("a.First,b.Second," + ours);
    assertThat(plugins(ours + ",a.First")).isEqualTo(ours + ",a.First");
  }

  private static String plugins(String chosen) {
    return Main.completed(new SparkConf(false).set("spark.plugins", chosen)).get("spark.plugins");
  }

  private Main main() {
    return new Main(
        new PrintStream(err, true, StandardCharsets.UTF_8),
        job -> job.models(settings -> FakeModel.named(folder.toString())));
  }

  private int run(String... overrides) {
    return main()
        .run(
            Stream.concat(Stream.of(config.toString()), Stream.of(overrides))
                .toArray(String[]::new));
  }

  private String said() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private String lastLine() {
    return said().lines().reduce("", (first, last) -> last);
  }

  /** Hears everything from the level of information up, with stack traces. */
  private static final class LogTap extends AbstractAppender implements AutoCloseable {

    private final List<String> lines;
    private final LoggerContext context = (LoggerContext) LogManager.getContext(false);
    private final Level before = context.getConfiguration().getRootLogger().getLevel();

    LogTap(List<String> lines) {
      super("tap", null, null, true, Property.EMPTY_ARRAY);
      this.lines = lines;
      start();
      context.getConfiguration().getRootLogger().addAppender(this, Level.INFO, null);
      context.getConfiguration().getRootLogger().setLevel(Level.INFO);
      context.updateLoggers();
    }

    @Override
    public synchronized void append(LogEvent event) {
      lines.add(event.getMessage().getFormattedMessage());
      for (Throwable e = event.getThrown(); e != null; e = e.getCause()) {
        lines.add(e.toString());
      }
    }

    @Override
    public void close() {
      context.getConfiguration().getRootLogger().removeAppender("tap");
      context.getConfiguration().getRootLogger().setLevel(before);
      context.updateLoggers();
      stop();
    }
  }
}
