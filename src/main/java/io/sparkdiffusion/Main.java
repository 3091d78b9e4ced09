package io.sparkdiffusion;

import io.sparkdiffusion.cli.ConfigArgument;
import io.sparkdiffusion.cli.ExitCode;
import io.sparkdiffusion.cli.Usage;
import io.sparkdiffusion.cli.YarnDriver;
import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.SettingsTable;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.metadata.Build;
import io.sparkdiffusion.metadata.Provenance;
import io.sparkdiffusion.spark.device.EarlyEngine;
import io.sparkdiffusion.spark.executor.SparkRelease;
import io.sparkdiffusion.spark.job.GenerateJob;
import io.sparkdiffusion.spark.job.PrivateFolder;
import io.sparkdiffusion.spark.job.SparkSettings;
import io.sparkdiffusion.spark.job.StopOnSignal;
import io.sparkdiffusion.spark.output.Failures;
import io.sparkdiffusion.spark.report.ProgressDisplay;
import io.sparkdiffusion.spark.report.TerminalStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** The command line: a configuration file, overrides, and one last line that says how it went. */
@Command(
    name = "generate",
    customSynopsis =
        "jobs/generate CONFIG [key=value ...] [--dry-run] [--verbose] [--stacktrace] [-- spark options]",
    description = {
      "Makes images from prompts with Stable Diffusion 2 on Apache Spark.",
      "",
      "Examples:",
      "  jobs/generate configs/tiny.yml",
      "  jobs/generate configs/tiny.yml prompt='a red circle on a white background' num_images=4",
      "  jobs/generate configs/base21.yml pretrained_model_name_or_path=/models/sd2-1"
          + " prompts=/data/prompts.parquet -- --master yarn",
      ""
    },
    versionProvider = Main.Versions.class,
    sortOptions = false)
public final class Main implements Callable<Integer> {

  private static final Logger LOG = LoggerFactory.getLogger(Main.class);

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "CONFIG",
      description = "a YAML file, as in configs/")
  private String file;

  @Parameters(index = "1..*", paramLabel = "key=value", description = "settings that win over it")
  private final List<String> overrides = new ArrayList<>();

  @Option(
      names = "--overrides-file",
      paramLabel = "FILE",
      description = "more of them, each ended by a NUL character; launchers use it")
  private List<Path> overridesFiles = new ArrayList<>();

  @Option(
      names = "--dry-run",
      description = "check everything, show the plan and the first images, write nothing")
  private boolean isDryRun;

  @Option(
      names = "--version",
      versionHelp = true,
      description = "print the versions of the job and its libraries")
  @SuppressWarnings("UnusedVariable") // picocli reads it
  private boolean showsVersion;

  @Option(names = "--verbose", description = "print all settings, not only those that were chosen")
  private boolean showsAll;

  @Option(names = "--stacktrace", description = "print where a failure came from")
  private boolean showsStackTrace;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "print this and all settings")
  @SuppressWarnings("UnusedVariable") // picocli reads it
  private boolean showsHelp;

  private final PrintStream err;
  private final LastLine lastLine;
  private final UnaryOperator<GenerateJob> prepare;
  private boolean hasStartedSpark;

  /**
   * A command line.
   *
   * @param prepare has the last word on the job before it runs
   */
  public Main(PrintStream err, UnaryOperator<GenerateJob> prepare) {
    this.err = err;
    this.lastLine = new LastLine(err);
    this.prepare = prepare;
  }

  /**
   * Runs the job and ends the JVM with its exit code; of a driver that YARN runs, YARN tells it.
   *
   * @throws RuntimeException with the last line, where such a run fails
   */
  public static void main(String[] arguments) {
    if (Boolean.getBoolean("sparkdiffusion.terminal")) {
      System.setErr(TerminalStream.ofStandardError());
    }
    PrivateFolder.removeAtEnd();
    Main job = new Main(System.err, UnaryOperator.identity());
    int code = job.run(arguments);
    if (!YarnDriver.isThis()) {
      System.exit(code);
    }
    if (!job.hasStartedSpark) {
      YarnDriver.register();
    }
    YarnDriver.end(code, job.lastLine.reason());
  }

  public int run(String... arguments) {
    CommandLine command =
        new CommandLine(this)
            .setExpandAtFiles(false)
            .setParameterExceptionHandler((problem, given) -> usage(problem))
            .setExecutionExceptionHandler((failure, line, given) -> failed(failure));
    command.getCommandSpec().usageMessage().footer("%nSettings:%n%n" + escaped());
    return command.execute(arguments);
  }

  /** Picocli's texts are formats. */
  private static String escaped() {
    return SettingsTable.text().replace("%", "%%");
  }

  @Override
  public Integer call() throws IOException {
    SparkRelease.require();
    JobConfig config = load();
    GenerateJob.requireLocalTable(config, new SparkConf());
    show(config);
    boolean isOwnSession = SparkSession.getDefaultSession().isEmpty();
    SparkConf conf = SparkSettings.of(new SparkConf(), config.execution().device());
    if (isOwnSession) {
      EarlyEngine.startBeside(conf, config.execution().libtorchPath());
    }
    SparkSession spark = SparkSession.builder().config(conf).getOrCreate();
    hasStartedSpark = true;
    int code = ExitCode.JOB_FAILED;
    try {
      code = generate(prepare.apply(new GenerateJob(spark, config).progress(progress())));
      return code;
    } catch (Error e) {
      throw new IllegalStateException(Failures.reason(e), e);
    } finally {
      if (isOwnSession) {
        // What Spark says of its own end must not come after the last line.
        spark.sparkContext().setLogLevel("OFF");
        spark.sparkContext().stop(code); // YARN shows it
      }
    }
  }

  private void show(JobConfig config) {
    SortedMap<String, String> all = config.effective();
    SortedMap<String, String> shown = showsAll ? all : config.chosen();
    shown.forEach((key, value) -> LOG.info("{} = {}", key, Shown.line(value)));
    if (!showsAll) {
      LOG.info(
          "The other {} settings have their defaults: --verbose shows them, run.json will have all",
          all.size() - shown.size());
    }
  }

  private int generate(GenerateJob job) throws IOException {
    if (isDryRun) {
      return lastLine.of(job.dryRun());
    }
    try (StopOnSignal watch = StopOnSignal.watch(job, err)) {
      return lastLine.of(job.execute());
    } catch (RuntimeException e) {
      if (job.isStopping()) {
        return ExitCode.JOB_FAILED; // the JVM is ending, with another code and line
      }
      throw e;
    }
  }

  private JobConfig load() {
    if (file == null) {
      throw new ProblemsException("Missing required parameter: 'CONFIG'; see jobs/generate --help");
    }
    List<String> all = new ArrayList<>(overrides);
    overridesFiles.forEach(given -> all.addAll(JobConfig.readOverrides(given)));
    return new ConfigArgument(file).load(all);
  }

  private ProgressDisplay progress() {
    return err instanceof TerminalStream terminal
        ? ProgressDisplay.bar(terminal)
        : ProgressDisplay.log();
  }

  private int usage(ParameterException problem) {
    return lastLine.ofUsage(Usage.ofJob(problem));
  }

  private int failed(Exception failure) {
    LOG.debug("The run failed", failure);
    if (showsStackTrace) {
      failure.printStackTrace(err);
    }
    return lastLine.of(failure);
  }

  static final class Versions implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      Provenance.Versions built = Build.versions();
      return new String[] {
        "spark-diffusion " + built.sparkDiffusion(),
        "image version " + built.imageVersion(),
        "DJL %s, libtorch %s, Java %s".formatted(built.djl(), built.libtorch(), built.java())
      };
    }
  }
}
