package io.sparkdiffusion.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.image.PngEncoder;
import io.sparkdiffusion.image.PngText;
import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.metadata.GenerationParameters;
import io.sparkdiffusion.metadata.ImageCommand;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Images whose texts a stranger has written. */
class HostileImageTest {

  private static final String LAST =
      "Steps: 20, Sampler: DDIM, CFG scale: 7.5, Seed: 1, Size: 8x8, Model hash: x, Model: m";
  private static final String ORIGIN =
      "{\"model_digest\":\"d\",\"dtype\":\"float32\",\"scheduler_config\":{},\"image_version\":1}";

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x\ntouch pwned\n",
        "x'\ntouch pwned; echo '$(touch pwned)`touch pwned`",
        "\nMake it again:\ntouch pwned",
        "\u001b]0;PWNED\u0007\u001b[2J red \u009b31m",
        "a\u202edet\u2066 \u2028touch pwned\u0085touch pwned",
        "\\n\\x41 back\\slash\n'quoted'\r\n\ttab",
        "a cat 🐱\u200d, 猫\n"
      })
  void theCommandIsOneLineAndSaysThePromptAgain(String prompt)
      throws IOException, InterruptedException {
    Path file = write(prompt + "\n" + LAST, ORIGIN);

    assertThat(run(file)).as(text(err)).isEqualTo(ExitCode.DONE);

    List<String> lines = text(out).lines().toList();
    assertThat(text(out).replace("\n", "").codePoints().filter(Shown::isHidden)).isEmpty();
    assertThat(lines).filteredOn(line -> line.equals("Make it again:")).hasSize(1);
    assertThat(lines.indexOf("Make it again:")).isEqualTo(lines.size() - 2);
    assertThat(words(lines.get(lines.size() - 1))).contains("prompt=" + prompt);
    assertThat(folder.resolve("pwned")).doesNotExist();
  }

  @Test
  void noCommandIsPrintedForWhatAShellCannotPassOn() {
    GenerationParameters parameters = GenerationParameters.parse("a\0b\n" + LAST);
    assertThat(ImageCommand.of(parameters, Map.of(), "float32", Map.of()))
        .isEqualTo(
            "# No shell can pass on a character of this prompt:"
                + " jobs/inspect FILE --again=DIR does");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Steps: 20 | the last line must have 'Sampler' (missing)",
        "Steps: 20, Sampler: DDIM, CFG scale: 7, Seed: 1, Size: 64 | Size must be a width x height (64)",
        "Steps: 99999999999, Sampler: DDIM, CFG scale: 7, Seed: 1, Size: 8x8 | Steps must be a number"
            + " (99999999999)",
        "Steps: 20, Sampler: DDIM, CFG scale: x, Seed: 1, Size: 8x8 | CFG scale must be a number (x)",
      })
  void parametersThatAreNoneAreOneLine(String last, String rule) throws IOException {
    Path file = write("a\n" + last, ORIGIN);

    assertThat(run(file)).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err))
        .isEqualTo(
            "Cannot inspect %s: Cannot read generation parameters: %s%n".formatted(file, rule));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[1]",
        "{\"model_digest\":5}",
        "{}",
        "{\"model_digest\":\"d\",\"dtype\":\"f\",\"scheduler_config\":[],\"image_version\":1}"
      })
  void anOriginThatIsNoneIsOneLine(String origin) throws IOException {
    assertThat(run(write("a\n" + LAST, origin))).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err).lines())
        .hasSize(1)
        .allMatch(line -> line.startsWith("Cannot read an image's origin: it must "));
  }

  @Test
  void aValueOfAnyLengthIsRead() throws IOException {
    assertThat(run(write("a\n" + LAST + ", X: \"" + "\\n".repeat(200_000) + "\"", ORIGIN)))
        .as(text(err))
        .isEqualTo(ExitCode.DONE);
  }

  @Test
  void aImageIsMadeAgainWithoutAShellAndCompared() throws IOException {
    String prompt = "x'\n$(touch pwned)";
    Path file = write(prompt + "\n" + LAST, ORIGIN);
    Path again = folder.resolve("again");
    List<String> given = new ArrayList<>();

    int same =
        run(
            overrides -> {
              given.addAll(JobConfig.readOverrides(overrides));
              Files.createDirectories(again);
              Files.copy(file, again.resolve("image_0.png"));
              return ExitCode.DONE;
            },
            file.toString(),
            "--model=/m",
            "--again=" + again);

    assertThat(same).as(text(err)).isEqualTo(ExitCode.DONE);
    assertThat(text(out)).isEqualTo("Made again, the same bytes: " + again + "/image_0.png\n");
    assertThat(given)
        .contains(
            "prompt=" + prompt,
            "output_dir=" + again,
            "pretrained_model_name_or_path=/m",
            "model_digest=d",
            "png_ai_mark=false");
  }

  @Test
  void aImageWithOtherBytesAndAJobThatFailsAreToldByTheExitCode() throws IOException {
    Path file = write("a\n" + LAST, ORIGIN);
    Path again = folder.resolve("again");
    MadeAgain.Job other =
        overrides -> {
          Files.createDirectories(again);
          Files.writeString(again.resolve("image_0.png"), "other");
          return ExitCode.DONE;
        };

    assertThat(run(overrides -> 3, file.toString(), "--model=/m", "--again=" + again)).isEqualTo(3);
    assertThat(run(other, file.toString(), "--model=/m", "--again=" + again))
        .isEqualTo(ExitCode.JOB_FAILED);
    assertThat(text(out)).startsWith("Made again, not the same bytes: ");
    assertThat(run(other, file.toString(), "--model=/m", "--again=" + again))
        .isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err)).contains("--again must name a new or empty folder");
    assertThat(run(other, file.toString(), "--again=" + again)).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text(err)).contains("--model=FOLDER must say where its model is");
  }

  private List<String> words(String command) throws IOException, InterruptedException {
    String print = command.replaceFirst("^\\./jobs/generate", "printf '%s\\\\0'");
    Process bash = new ProcessBuilder("bash", "-c", print).directory(folder.toFile()).start();
    String words = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(bash.waitFor()).isZero();
    return List.of(words.split("\0"));
  }

  private Path write(String parameters, String origin) throws IOException {
    byte[] png =
        PngEncoder.encode(
            new RgbImage(8, 8, new byte[8 * 8 * 3]),
            List.of(
                new PngText(PngText.PARAMETERS, parameters), new PngText(PngText.ORIGIN, origin)));
    return Files.write(folder.resolve("a.png"), png);
  }

  private int run(Path file) {
    return run(overrides -> ExitCode.DONE, file.toString());
  }

  private int run(MadeAgain.Job job, String... arguments) {
    return new Inspect(print(out), print(err), job).run(arguments);
  }

  private static PrintStream print(ByteArrayOutputStream to) {
    return new PrintStream(to, true, StandardCharsets.UTF_8);
  }

  private static String text(ByteArrayOutputStream from) {
    return from.toString(StandardCharsets.UTF_8);
  }
}
