package io.sparkdiffusion.cli;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.image.PngText;
import io.sparkdiffusion.image.PngTexts;
import io.sparkdiffusion.metadata.GenerationParameters;
import io.sparkdiffusion.request.InputImage;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Has the job make an image again, and compares the bytes. What the image says reaches the job in a
 * file that only the user can read, never as text for a shell.
 *
 * @param image the one that there is
 * @param folder the new output folder
 * @param out takes what came of it, borrowed
 */
record MadeAgain(Path image, Path folder, PrintStream out, MadeAgain.Job job) {

  /** The launcher's path, which {@code jobs/inspect} sets. */
  private static final String LAUNCHER = "SPARK_DIFFUSION_GENERATE";

  /** Runs the job on a file of overrides. */
  @FunctionalInterface
  interface Job {
    /** The job's exit code. */
    int run(Path overrides) throws IOException;
  }

  /**
   * Makes it.
   *
   * @return the job's exit code where it failed, else whether the bytes are the same
   */
  int make(Map<String, String> settings) throws IOException {
    requireNew();
    Path overrides = Files.createTempFile("spark-diffusion-again", "");
    try {
      settings.put("output_dir", folder.toString());
      Files.writeString(overrides, text(settings));
      int code = job.run(overrides);
      return code == ExitCode.DONE ? compare(folder.resolve("image_0.png")) : code;
    } finally {
      Files.delete(overrides);
    }
  }

  private void requireNew() throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> found = Files.list(folder)) {
        if (found.findAny().isPresent()) {
          throw new ProblemsException(
              "Cannot make %s again: --again must name a new or empty folder (%s)"
                  .formatted(image, folder));
        }
      }
    }
  }

  private static String text(Map<String, String> settings) {
    if (settings.values().stream().anyMatch(value -> value.contains("\0"))) {
      throw new ProblemsException(
          "Cannot make the image again: its texts must not hold the character NUL (one does)");
    }
    return settings.entrySet().stream()
        .map(setting -> setting.getKey() + "=" + setting.getValue() + "\0")
        .collect(Collectors.joining());
  }

  private int compare(Path made) throws IOException {
    if (!Files.exists(made)) {
      throw new ProblemsException(
          "Cannot make %s again: its row must not fail %s".formatted(image, failure()));
    }
    long differs = Files.mismatch(image, made);
    if (differs < 0) {
      out.println("Made again, the same bytes: " + made);
      return ExitCode.DONE;
    }
    if (ofOtherPlaces(Files.readAllBytes(image), Files.readAllBytes(made))) {
      out.println(
          "Made again, the same bytes but for where its input images lie, which its text says: "
              + made);
      return ExitCode.DONE;
    }
    out.println(
        ("Made again, not the same bytes: %s differs from byte %s on; another processor, device or"
                + " version can differ in the last bit")
            .formatted(made, differs));
    return ExitCode.JOB_FAILED;
  }

  /** Whether two files differ in nothing but what they say of the places of input images. */
  private static boolean ofOtherPlaces(byte[] image, byte[] made) {
    try {
      return withoutPlaces(image).equals(withoutPlaces(made))
          && Arrays.equals(
              PngTexts.without(PngText.PARAMETERS, image),
              PngTexts.without(PngText.PARAMETERS, made));
    } catch (IllegalArgumentException e) {
      return false; // one is no whole PNG file, which differs in more
    }
  }

  private static Optional<GenerationParameters> withoutPlaces(byte[] png) {
    return Optional.ofNullable(PngTexts.read(png).get(PngText.PARAMETERS))
        .map(GenerationParameters::parse)
        .map(
            all -> {
              GenerationParameters said = all;
              for (InputImage input : InputImage.of(all.values())) {
                said = said.with(input, "");
              }
              return said;
            });
  }

  /** What {@code run.json} says of the only row, and which option mends it. */
  private String failure() {
    Path report = folder.resolve("run.json");
    String reason =
        Files.exists(report) && StrictJson.read(report).get("failures") instanceof Map<?, ?> all
            ? all.keySet().stream().map(Shown::value).collect(Collectors.joining("; "))
            : "";
    return reason.isEmpty()
        ? "(it did; see rows/ in %s)".formatted(folder)
        : "(%s)%s".formatted(reason, fix(reason));
  }

  private static String fix(String reason) {
    return Arrays.stream(InputImage.values())
        .map(input -> input.path().name())
        .filter(name -> reason.matches("(?s)Cannot (use|read) " + name + ": .*"))
        .map(name -> "; %s says where that image is now".formatted(option(name)))
        .collect(Collectors.joining());
  }

  /** The option that says where an input image is now. */
  static String option(String input) {
    return "--%s=FILE".formatted(input.replace('_', '-'));
  }

  /** Runs {@code jobs/generate} with this process's terminal. */
  static int launch(Path overrides) throws IOException {
    String launcher = System.getenv(LAUNCHER);
    if (launcher == null) {
      throw new ProblemsException(
          "Cannot make an image again: jobs/inspect must have started this, or %s must name"
                  .formatted(LAUNCHER)
              + " jobs/generate (not set)");
    }
    Path project = Path.of(launcher).toAbsolutePath().resolve("../..").normalize();
    Process process =
        new ProcessBuilder(
                launcher,
                project.resolve("configs/base21.yml").toString(),
                "--overrides-file=" + overrides)
            .inheritIO()
            .start();
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      process.destroy();
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }
}
