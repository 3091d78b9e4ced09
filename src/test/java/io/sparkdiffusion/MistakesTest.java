package io.sparkdiffusion;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.sparkdiffusion.cli.ExitCode;
import io.sparkdiffusion.testing.CopiedModel;
import io.sparkdiffusion.testing.LocalSpark;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each mistake of {@code mistakes.yml} is told in one last line, and leaves nothing behind. */
class MistakesTest {

  private static final Path LIST = Path.of("src/test/resources/mistakes.yml");

  /** A stack trace, or the name of a class. */
  private static final Pattern JAVA =
      Pattern.compile("^\\s+at |\\b[a-z]\\w*(\\.[a-z]\\w*)+\\.[A-Z]\\w+|\\w+(Exception|Error)\\b");

  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @TempDir private Path folder;

  /** An entry of the list; what it does not say is null. */
  private record Mistake(
      String mistake,
      List<String> command,
      List<String> arguments,
      Map<String, String> files,
      List<String> missing,
      List<String> halved,
      String line,
      Integer code,
      List<String> leaves) {

    @Override
    public String toString() {
      return mistake;
    }
  }

  static List<Mistake> mistakes() throws IOException {
    return new ObjectMapper(new YAMLFactory())
        .readValue(Files.readString(LIST), new TypeReference<List<Mistake>>() {});
  }

  @BeforeEach
  void writeWhatIsGood() throws IOException {
    LocalSpark.session();
    CopiedModel.of("base", folder.resolve("model"));
    write("prompts.csv", "id,prompt\na,fox\nb,owl\n");
    write(
        "job.yml",
        """
        pretrained_model_name_or_path: {folder}/model
        prompts: {folder}/prompts.csv
        output_dir: {folder}/out
        resolution: 64
        num_inference_steps: 2
        device: cpu
        """);
  }

  @Test
  void listsFiftyDifferentOnes() throws IOException {
    assertThat(mistakes())
        .hasSizeGreaterThanOrEqualTo(50)
        .extracting(Mistake::mistake)
        .doesNotHaveDuplicates();
  }

  @Test
  void aRunWithoutAMistakeIsDone() throws IOException {
    assertThat(run(List.of(here("{folder}/job.yml")))).as(this::said).isEqualTo(ExitCode.DONE);
    assertThat(files()).contains("out/run.json", "out/index.html");
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void isToldInOneLineAndLeavesNothing(Mistake mistake) throws IOException {
    make(mistake);
    TreeSet<String> expected = new TreeSet<>(files());
    expected.addAll(orNone(mistake.leaves()));

    int code = run(commandLine(mistake));

    List<String> lines = said().lines().toList();
    assertThat(lines.get(lines.size() - 1)).matches(pattern(mistake.line()));
    assertThat(lines).noneMatch(line -> JAVA.matcher(line).find());
    assertThat(code).isEqualTo(mistake.code() == null ? ExitCode.NOT_USABLE : mistake.code());
    assertThat(files()).containsExactlyElementsOf(expected);
  }

  private void make(Mistake mistake) throws IOException {
    for (String name : orNone(mistake.missing())) {
      Files.delete(folder.resolve(name));
    }
    for (String name : orNone(mistake.halved())) {
      byte[] whole = Files.readAllBytes(folder.resolve(name));
      Files.write(folder.resolve(name), Arrays.copyOf(whole, whole.length / 2));
    }
    if (mistake.files() != null) {
      mistake.files().forEach(this::write);
    }
  }

  private void write(String name, String text) {
    try {
      Path file = folder.resolve(name);
      Files.createDirectories(file.getParent());
      Files.writeString(file, here(text));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private List<String> commandLine(Mistake mistake) {
    List<String> all =
        mistake.command() != null
            ? mistake.command()
            : Stream.concat(Stream.of("{folder}/job.yml"), orNone(mistake.arguments()).stream())
                .toList();
    return all.stream().map(this::here).toList();
  }

  private int run(List<String> arguments) {
    PrintStream print = new PrintStream(err, true, StandardCharsets.UTF_8);
    return new Main(print, UnaryOperator.identity()).run(arguments.toArray(String[]::new));
  }

  private String said() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private String here(String text) {
    return text.replace("{folder}", folder.toString());
  }

  private String pattern(String line) {
    return Arrays.stream(here(line).split("\\.\\.\\."))
        .map(Pattern::quote)
        .collect(Collectors.joining(".*"));
  }

  private List<String> files() throws IOException {
    return CopiedModel.files(folder);
  }

  private static List<String> orNone(List<String> given) {
    return given == null ? List.of() : given;
  }
}
