package io.sparkdiffusion.cli;

import io.sparkdiffusion.config.AccessToken;
import io.sparkdiffusion.config.ControlNetFolders;
import io.sparkdiffusion.config.EmbeddingConfig;
import io.sparkdiffusion.config.LoraConfig;
import io.sparkdiffusion.config.LoraUnmatched;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.config.WeightFormat;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.spark.model.CheckedAdditions;
import io.sparkdiffusion.spark.model.LocalModel;
import io.sparkdiffusion.spark.table.MissingFileSystems;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says what a model folder or a table of prompts is, and whether the job can use it. */
@Command(
    name = "check",
    customSynopsis = {
      "jobs/check MODEL [--revision=REVISION] [--variant=VARIANT] [--loras=…] [--embeddings=…] [--controlnets=…] [--write-manifest] [--no-digests]",
      "jobs/check TABLE [prompts_format=… prompts_options=… id_column=… prompt_column=…]"
    },
    description = {
      "Says what a model is, whether the job can use it, its digests, how many parameters and how"
          + " much memory it has, and which configuration suits it. No weight is loaded, nothing but"
          + " LoRAs is downloaded. Exit code 0: it fits; 2: it does not, or is not there.",
      "Of a table of prompts it says what would be read: columns, rows, the first of them, and what"
          + " is wrong.",
      "",
      "Examples:",
      "  jobs/check models/tiny-sd2-base",
      "  jobs/check /models/stable-diffusion-2-1 --write-manifest",
      "  jobs/check org/name --revision=fp16",
      "  jobs/check prompts.csv 'prompts_options={sep: \";\", encoding: windows-1252}'",
      ""
    },
    sortOptions = false)
public final class Check implements Callable<Integer> {

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description =
          "what pretrained_model_name_or_path takes and this machine has: a folder in diffusers'"
              + " layout, one of a hub's cache, or a hub id in the cache; or a table of prompts")
  private String model;

  @Parameters(
      index = "1..*",
      paramLabel = "key=value",
      description = "settings that say how a table of prompts is read")
  private final List<String> settings = new ArrayList<>();

  @Option(
      names = "--revision",
      paramLabel = "REVISION",
      description = "branch, tag or commit of a hub's model; default: main")
  private String revision = "";

  @Option(
      names = "--variant",
      paramLabel = "VARIANT",
      description = "which of several weights, as fp16 or non_ema; default: those without one")
  private String variant = "";

  @Option(
      names = "--loras",
      paramLabel = "PATH[:WEIGHT],…",
      description =
          "LoRA files that are to be added to the model, as the job takes them: local, of a file"
              + " system that Hadoop knows or of a hub, from which they are fetched")
  private String loras = "";

  @Option(
      names = "--embeddings",
      paramLabel = "PATH[:TOKEN],…",
      description =
          "files of textual inversion that are to join the model's tokens, found as LoRAs are")
  private String embeddings = "";

  @Option(
      names = "--controlnets",
      paramLabel = "FOLDER[:WEIGHT],…",
      description =
          "folders of ControlNets that are to steer the model, local, of a file system that Hadoop"
              + " knows or ORG/NAME[@REVISION] of a hub")
  private String controlNets = "";

  @Option(
      names = "--write-manifest",
      description =
          "write sha256sums.txt into the folder, with which the job compares its files, as does"
              + " sha256sum -c")
  private boolean writesManifest;

  @Option(
      names = "--no-digests",
      description = "read no weights, neither for digests nor to compare them with sha256sums.txt")
  private boolean skipsDigests;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "print this")
  @SuppressWarnings("UnusedVariable") // picocli reads it
  private boolean showsHelp;

  private final PrintStream out;
  private final PrintStream err;
  private final Function<ModelConfig, LocalModel> find;
  private final BiFunction<ModelConfig, ModelFolder, CheckedAdditions> findAdditions;

  /**
   * A command line.
   *
   * @param find the model
   * @param findAdditions of it
   */
  Check(
      PrintStream out,
      PrintStream err,
      Function<ModelConfig, LocalModel> find,
      BiFunction<ModelConfig, ModelFolder, CheckedAdditions> findAdditions) {
    this.out = out;
    this.err = err;
    this.find = find;
    this.findAdditions = findAdditions;
  }

  /** Prints and ends the JVM with the exit code. */
  public static void main(String[] arguments) {
    PrintStream out = Tool.standardOutput();
    TableCheck.logAsSparkDoes(arguments);
    System.exit(new Check(out, System.err, LocalModel::find, Check::additions).run(arguments));
  }

  private static CheckedAdditions additions(ModelConfig named, ModelFolder folder) {
    Configuration hadoop = new Configuration();
    MissingFileSystems.refuseAdditions(named, hadoop);
    return CheckedAdditions.of(named, folder, hadoop);
  }

  int run(String... arguments) {
    return Tool.run(this, "jobs/check", err, arguments);
  }

  @Override
  public Integer call() {
    if (TableCheck.isTable(model, settings)) {
      return new TableCheck(out, err).of(model, settings);
    }
    ModelConfig named =
        new ModelConfig(
            model,
            revision,
            new WeightChoice(WeightFormat.SAFETENSORS, variant),
            "",
            "",
            Map.of(),
            AccessToken.NONE,
            LoraConfig.parse(LoraConfig.entries(loras), LoraUnmatched.REFUSE),
            EmbeddingConfig.parse(LoraConfig.entries(embeddings)),
            ControlNetFolders.parse(LoraConfig.entries(controlNets)));
    ModelReport report = ModelReport.of(named, find.apply(named));
    report.facts().forEach(out::println);
    if (!skipsDigests || writesManifest) {
      report.digests().forEach(out::println);
    }
    if (!report.fits()) {
      report.problems().forEach(err::println);
      return ExitCode.NOT_USABLE;
    }
    if (!(loras + embeddings + controlNets).isEmpty()) {
      report.additions(findAdditions).forEach(out::println);
    }
    report.suited().forEach(out::println);
    if (writesManifest) {
      out.println(report.writeManifest());
    }
    return ExitCode.DONE;
  }
}
