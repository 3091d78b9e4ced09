package io.sparkdiffusion.cli;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.image.PngText;
import io.sparkdiffusion.image.PngTexts;
import io.sparkdiffusion.metadata.GenerationParameters;
import io.sparkdiffusion.metadata.ImageCommand;
import io.sparkdiffusion.metadata.ImageOrigin;
import io.sparkdiffusion.request.InputFile;
import io.sparkdiffusion.request.InputImage;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says how a PNG file was made, and which command makes it again. */
@Command(
    name = "inspect",
    customSynopsis =
        "jobs/inspect FILE [--model=FOLDER] [--init-image=FILE] [--mask-image=FILE]"
            + " [--depth-image=FILE] [--control-image=FILE] [--again=DIR]",
    description = {
      "Says how a PNG file was made and which command makes it again, byte for byte; with --again it"
          + " makes it. Exit code 0: told, or made with the same bytes, but for where its input"
          + " images lie; 1: other bytes differ; others as of jobs/generate.",
      ""
    },
    sortOptions = false)
public final class Inspect implements Callable<Integer> {

  @Parameters(index = "0", paramLabel = "FILE", description = "a PNG file that this job has made")
  private Path file;

  @Option(
      names = "--model",
      paramLabel = "FOLDER",
      description = "where the model is now; default: what run.json beside the images says")
  private String model;

  @Option(
      names = "--init-image",
      paramLabel = "FILE",
      description = "where the image is now that it starts from; default: what FILE says")
  private String initImage;

  @Option(names = "--mask-image", paramLabel = "FILE", description = "the same of its mask")
  private String maskImage;

  @Option(names = "--depth-image", paramLabel = "FILE", description = "the same of its depth")
  private String depthImage;

  @Option(
      names = "--control-image",
      paramLabel = "FILE",
      description = "the same of what its first ControlNet looks at")
  private String controlImage;

  @Option(
      names = "--control-image-2",
      paramLabel = "FILE",
      description = "the same of its second one")
  private String controlImage2;

  @Option(
      names = "--control-image-3",
      paramLabel = "FILE",
      description = "the same of its third one")
  private String controlImage3;

  @Option(
      names = "--again",
      paramLabel = "DIR",
      description = "make it again into this new folder, and compare the bytes")
  private Path again;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "print this")
  @SuppressWarnings("UnusedVariable") // picocli reads it
  private boolean showsHelp;

  private final PrintStream out;
  private final PrintStream err;
  private final MadeAgain.Job generate;

  public Inspect(PrintStream out, PrintStream err) {
    this(out, err, MadeAgain::launch);
  }

  /**
   * A command line.
   *
   * @param generate what runs the job for {@code --again}
   */
  Inspect(PrintStream out, PrintStream err, MadeAgain.Job generate) {
    this.out = out;
    this.err = err;
    this.generate = generate;
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
  public Integer call() throws IOException {
    Map<String, String> texts = texts();
    String parameters = texts.get(PngText.PARAMETERS);
    if (parameters == null) {
      throw new ProblemsException(
          "Cannot inspect %s: it must have a text '%s', which png_parameters=true writes (it has %s)"
              .formatted(
                  file, PngText.PARAMETERS, texts.isEmpty() ? "none" : shown(texts.keySet())));
    }
    boolean isMarked = texts.getOrDefault(PngText.XMP, "").contains("trainedAlgorithmicMedia");
    String origin = texts.get(PngText.ORIGIN);
    boolean isOfEmbeds = InspectedText.isOfEmbeds(parameters);
    if (again != null && isOfEmbeds) {
      throw new ProblemsException(
          "Cannot make %s again: its prompts must be texts (embeddings, which its row has)"
              .formatted(file));
    }
    if (again != null) {
      return makeAgain(withInputs(parsed(parameters)), origin, isMarked);
    }
    InspectedText.lines(parameters).forEach(out::println);
    out.println();
    out.println("Marked as made by AI: " + (isMarked ? "yes" : "no"));
    if (isOfEmbeds) {
      out.println("It was made from embeddings: its row has them, this file has not.");
    } else if (origin != null) {
      tellOrigin(withInputs(parsed(parameters)), ImageOrigin.fromJson(origin), isMarked);
    }
    return ExitCode.DONE;
  }

  /** With the places of its input images, which lay in a table where none is said. */
  private GenerationParameters withInputs(GenerationParameters said) {
    GenerationParameters found = said;
    for (InputImage input : InputImage.of(said.values())) {
      found = found.with(input, place(input, input.file(said.values())));
    }
    return found;
  }

  private String place(InputImage input, InputFile said) {
    String now =
        switch (input) {
          case INIT -> initImage;
          case MASK -> maskImage;
          case DEPTH -> depthImage;
          case CONTROL -> controlImage;
          case CONTROL_2 -> controlImage2;
          case CONTROL_3 -> controlImage3;
        };
    String place = now == null ? said.path() : now;
    String name = input.path().name();
    if (place.isEmpty() && again != null) {
      throw new ProblemsException(
          "Cannot make %s again: its %s lay in a table, %s must name one with its bytes (SHA-256 %s)"
              .formatted(file, name, MadeAgain.option(name), said.sha256()));
    }
    return place.isEmpty()
        ? name.toUpperCase(Locale.ROOT) + "_WITH_SHA256_" + said.sha256()
        : place;
  }

  private static String shown(Set<String> keywords) {
    return "[" + Shown.some(keywords) + "]";
  }

  private GenerationParameters parsed(String parameters) {
    try {
      return GenerationParameters.parse(parameters);
    } catch (IllegalArgumentException e) {
      throw new ProblemsException("Cannot inspect %s: %s".formatted(file, e.getMessage()), e);
    }
  }

  private void tellOrigin(GenerationParameters parameters, ImageOrigin origin, boolean isMarked) {
    out.println("Model digest: " + Shown.text(origin.modelDigest()));
    out.println("Number format: " + Shown.text(origin.dtype()));
    out.println();
    out.println("Make it again:");
    Map<String, String> chosen =
        model(parameters, origin)
            .orElseGet(() -> ImageCommand.model("MODEL_FOLDER_OF_" + parameters.modelName()));
    chosen = new LinkedHashMap<>(chosen);
    if (!parameters.loras().isEmpty()) {
      chosen.putIfAbsent(ImageCommand.LORAS, placeholders(parameters));
    }
    if (!parameters.embeddings().isEmpty()) {
      chosen.putIfAbsent(ImageCommand.EMBEDDINGS, embeddingPlaceholders(parameters));
    }
    if (isControlled(parameters)) {
      chosen.putIfAbsent(ImageCommand.CONTROL_NETS, "FOLDERS_OF_ITS_CONTROLNETS");
    }
    out.println(
        ImageCommand.of(
            parameters, marked(chosen, isMarked), origin.dtype(), origin.schedulerConfig()));
  }

  private static boolean isControlled(GenerationParameters parameters) {
    return InputImage.of(parameters.values()).contains(InputImage.CONTROL);
  }

  private static String placeholders(GenerationParameters parameters) {
    return parameters.loras().stream()
        .map(lora -> "LORA_FILE_OF_%s:%s".formatted(lora.name(), lora.weight()))
        .collect(Collectors.joining(","));
  }

  private static String embeddingPlaceholders(GenerationParameters parameters) {
    return parameters.embeddings().stream()
        .map(embedding -> "EMBEDDING_FILE_OF_%s:%<s".formatted(embedding.name()))
        .collect(Collectors.joining(","));
  }

  private static Map<String, String> marked(Map<String, String> settings, boolean isMarked) {
    Map<String, String> all = new LinkedHashMap<>(settings);
    if (!isMarked) {
      all.put("png_ai_mark", "false");
    }
    return all;
  }

  private int makeAgain(GenerationParameters parameters, String origin, boolean isMarked)
      throws IOException {
    if (origin == null) {
      throw new ProblemsException(
          "Cannot make %s again: it must have a text '%s', which this job writes (none)"
              .formatted(file, PngText.ORIGIN));
    }
    ImageOrigin known = ImageOrigin.fromJson(origin);
    Map<String, String> chosen =
        model(parameters, known)
            .orElseThrow(
                () ->
                    new ProblemsException(
                        "Cannot make %s again: --model=FOLDER must say where its model is (no run.json"
                                .formatted(file)
                            + " beside it does)"));
    Map<String, String> settings =
        ImageCommand.settings(
            parameters, marked(chosen, isMarked), known.dtype(), known.schedulerConfig());
    settings.put("model_digest", known.modelDigest());
    int code = new MadeAgain(file, again, out, generate).make(settings);
    List<InputImage> inputs = InputImage.of(parameters.values());
    if (code == ExitCode.NOT_USABLE && !inputs.isEmpty()) {
      err.println("Where an input image lies elsewhere now: " + options(inputs));
    }
    return code;
  }

  private static String options(List<InputImage> inputs) {
    return inputs.stream()
        .map(input -> MadeAgain.option(input.path().name()))
        .collect(Collectors.joining(", "));
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

  /** Where the model is, and with which files: those of the image are where they were. */
  private Optional<Map<String, String>> model(GenerationParameters parameters, ImageOrigin origin) {
    Optional<Map<String, String>> ofRun =
        RunFacts.beside(file).flatMap(facts -> facts.modelOf(parameters, origin));
    if (model == null) {
      return ofRun;
    }
    Map<String, String> chosen = new LinkedHashMap<>(ImageCommand.model(model));
    if (!parameters.loras().isEmpty()) {
      keep(ImageCommand.LORAS, ofRun, chosen);
    }
    if (!parameters.embeddings().isEmpty()) {
      keep(ImageCommand.EMBEDDINGS, ofRun, chosen);
    }
    if (isControlled(parameters)) {
      keep(ImageCommand.CONTROL_NETS, ofRun, chosen);
    }
    return Optional.of(chosen);
  }

  private static void keep(
      String setting, Optional<Map<String, String>> ofRun, Map<String, String> chosen) {
    ofRun.map(settings -> settings.get(setting)).ifPresent(files -> chosen.put(setting, files));
  }
}
