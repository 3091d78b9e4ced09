package io.sparkdiffusion;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.image.PngText;
import io.sparkdiffusion.image.PngTexts;
import io.sparkdiffusion.metadata.GenerationParameters;
import io.sparkdiffusion.metadata.PictureCommand;
import io.sparkdiffusion.metadata.PictureOrigin;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says how a PNG file was made, and which command makes it again. */
@Command(
    name = "inspect",
    customSynopsis = "jobs/inspect FILE [--model=FOLDER]",
    description = "Says how a PNG file was made and which command makes it again, byte for byte.",
    sortOptions = false)
public final class Inspect implements Callable<Integer> {

  @Parameters(index = "0", paramLabel = "FILE", description = "a PNG file that this job has made")
  private Path file;

  @Option(
      names = "--model",
      paramLabel = "FOLDER",
      description = "where the model is now; default: what run.json beside the pictures says")
  private String model;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "print this")
  @SuppressWarnings("UnusedVariable") // picocli reads it
  private boolean showsHelp;

  private final PrintStream out;
  private final PrintStream err;

  Inspect(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /** Prints and ends the JVM with the exit code. */
  public static void main(String[] arguments) {
    PrintStream out = Tool.standardOutput();
    System.exit(new Inspect(out, System.err).run(arguments));
  }

  int run(String... arguments) {
    return Tool.run(this, "jobs/inspect", err, arguments);
  }

  @Override
  public Integer call() {
    Map<String, String> texts = texts();
    String parameters = texts.get(PngText.PARAMETERS);
    if (parameters == null) {
      throw new ProblemsException(
          "Cannot inspect %s: it must have a text '%s', which png_parameters=true writes (it has %s)"
              .formatted(file, PngText.PARAMETERS, texts.isEmpty() ? "none" : texts.keySet()));
    }
    out.println(parameters);
    out.println();
    boolean isMarked = texts.getOrDefault(PngText.XMP, "").contains("trainedAlgorithmicMedia");
    out.println("Marked as made by AI: " + (isMarked ? "yes" : "no"));
    String origin = texts.get(PngText.ORIGIN);
    if (origin != null) {
      tellOrigin(GenerationParameters.parse(parameters), PictureOrigin.fromJson(origin));
    }
    return Main.DONE;
  }

  private void tellOrigin(GenerationParameters parameters, PictureOrigin origin) {
    out.println("Model digest: " + origin.modelDigest());
    out.println("Number format: " + origin.dtype());
    out.println();
    out.println("Make it again:");
    out.println(
        PictureCommand.of(parameters, model(parameters), origin.dtype(), origin.schedulerConfig()));
  }

  private Map<String, String> texts() {
    try {
      return PngTexts.read(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new ProblemsException(
          "Cannot inspect %s: the file must be there and readable (%s)"
              .formatted(file, Files.exists(file) ? "not a readable file" : "missing"),
          e);
    } catch (IllegalArgumentException e) {
      throw new ProblemsException(
          "Cannot inspect %s: it must be a PNG file (%s)".formatted(file, e.getMessage()), e);
    }
  }

  private Map<String, String> model(GenerationParameters parameters) {
    return Optional.ofNullable(model)
        .map(PictureCommand::model)
        .or(this::modelOfRun)
        .orElseGet(() -> PictureCommand.model("MODEL_FOLDER_OF_" + parameters.modelName()));
  }

  private static Optional<Map<String, String>> modelOf(Map<String, Object> report) {
    String commit =
        report.get("model") instanceof Map<?, ?> told && told.get("commit") instanceof String text
            ? text
            : "";
    return report.get("configuration") instanceof Map<?, ?> settings
        ? Optional.of(PictureCommand.modelOf(settings, commit))
        : Optional.empty();
  }

  /** The picture's folder or the one above it is the run's output folder. */
  private Optional<Map<String, String>> modelOfRun() {
    Path folder = file.toAbsolutePath().normalize().getParent();
    return Stream.of(folder, folder.resolve(".."))
        .map(place -> place.resolve("run.json"))
        .filter(Files::exists)
        .findFirst()
        .map(StrictJson::read)
        .flatMap(Inspect::modelOf);
  }
}
