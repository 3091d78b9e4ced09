package io.sparkdiffusion;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.SettingsTable;
import io.sparkdiffusion.metadata.RequestHash;
import io.sparkdiffusion.spark.ml.TextToImage;
import io.sparkdiffusion.spark.table.RequestColumns;
import io.sparkdiffusion.spark.table.ResultColumns;
import io.sparkdiffusion.testing.MadeFile;
import io.sparkdiffusion.testing.Requests;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;

/** What users and outputs have of the parameters stays as it is, to the byte. */
class SaidOnceTest {

  private static final Path SAID = Path.of("src/test/resources/said");

  /** A job that finds these in its output makes nothing anew. */
  @Test
  void requestsKeepTheirHashes() {
    assertThat(hash("a cat", Map.of()))
        .isEqualTo("df7e7c6da8371357b78b7e9aa5fd722635e3578defd6842d155bc9c5b16c1c4f");
    assertThat(hash("", Map.of()))
        .isEqualTo("8614bf110bb7410431643d15e6f99c518eddb6176917a735cc7a5ae4b2c11c58");
    assertThat(hash("猫 🐈 e\u0301 \"quoted\"\n", Map.of()))
        .isEqualTo("f8577c62037d8548266b5aebdf148a86faa4ced175f6194312f22844d03e2633");
    assertThat(hash("a cat", Map.of("negative_prompt", "blurry, más")))
        .isEqualTo("8f1ff089c6979c30373320c1bdbf06a587715c5ff7006aacb8fe22345b6ae9c5");
    assertThat(hash("a cat", Map.of("seed", 1)))
        .isEqualTo("968809ec1e7125aa685c764316d8c1321623e874cea2c68a3647a09aa34f8d0d");
    assertThat(hash("a cat", Map.of("seed", 4294967296L)))
        .isEqualTo("6ca9d31c11d00cdb23c21bbf143d921b9196c4d3c1f583b553443f154b01e9db");
    assertThat(hash("a cat", Map.of("seed", Long.MAX_VALUE)))
        .isEqualTo("b499f0fa5f9c6631cff907541014aa23b9b7ab95906a2c72fadf96460ca6c0ef");
    assertThat(hash("a cat", Map.of("seed", Long.MIN_VALUE)))
        .isEqualTo("6b6bc91856f2612815069829602d717b4d3b45cf5e7beab5ddfe3bd4c32d4d9a");
    assertThat(hash("a cat", Map.of("seed", 0, "num_inference_steps", 20)))
        .isEqualTo("13e2a26c40e16fe05f4d3d4b520f981e6b966477efbf92b3d2ab1174ee353788");
    assertThat(hash("a cat", Map.of("seed", 0, "guidance_scale", 5)))
        .isEqualTo("df2cdbade691728c14121510de620608372294fd9303f85a5c5c7fb008d72a74");
    assertThat(hash("a cat", Map.of("seed", 0, "guidance_scale", 1.0)))
        .isEqualTo("cf92c54296455530d20956d05b2a1da4b436a729c7997f44b608a7bd4635f5bb");
    assertThat(hash("a cat", Map.of("seed", 0, "guidance_scale", 0.5)))
        .isEqualTo("0a911f1b5e12e5a45f02030c30c1577a4cafe87ce1792a4c28c48c1d77fc34ea");
    assertThat(hash("a cat", Map.of("seed", 0, "guidance_rescale", 0.7)))
        .isEqualTo("91db54e18846196c02b6e1467990e4d926a2d29c1f35f9dbddfbbf7dbe0282d1");
    assertThat(hash("a cat", Map.of("seed", 0, "height", 768)))
        .isEqualTo("12f331424397b6a41d49967b80a19de5948de9d6b6627d0e3942d33f1033d19c");
    assertThat(hash("a cat", Map.of("seed", 0, "width", 768)))
        .isEqualTo("f35f577dbe9ea0eeec60a4978a5bc4207079c6c85129a90c3d23ace73d35fb5e");
    assertThat(hash("a cat", Map.of("seed", 0, "eta", 0.1f)))
        .isEqualTo("1bcd5980e2c705361572a5f96ab515074d60e591e37664c968220e5ce7059220");
    assertThat(hash("a cat", Map.of("seed", 0, "num_images", 4)))
        .isEqualTo("472352ff93daab24ece398519cd5dc618e677f70693c2901b30db050757d9dd5");
    assertThat(hash("a cat", Map.of("seed", 0, "scheduler", "ddim")))
        .isEqualTo("472352ff93daab24ece398519cd5dc618e677f70693c2901b30db050757d9dd5");
  }

  private static String hash(String prompt, Map<String, ?> cells) {
    Map<String, Object> scheduler = Map.of("beta_start", 0.00085, "steps_offset", 1);
    return RequestHash.of(Requests.ofRow(prompt, cells), scheduler, "float32", "abc");
  }

  @Test
  void rowsKeepTheirColumns() throws IOException {
    StructType ofPrograms =
        new TextToImage("drawing")
            .setModelUrl("any")
            .transformSchema(new StructType().add("prompt", DataTypes.StringType));
    holds("request-columns.json", RequestColumns.SCHEMA.prettyJson());
    holds("result-columns.json", ResultColumns.SCHEMA.prettyJson());
    holds("image-column.json", ofPrograms.prettyJson());
  }

  @Test
  void helpSaysTheSame() throws IOException {
    holds("help.txt", SettingsTable.text());
    holds("settings.md", SettingsTable.markdown());
  }

  @Test
  void programsHaveTheSameParameters() throws IOException {
    holds("params.txt", new TextToImage("drawing").explainParams());
  }

  @Test
  void runsReportTheSameSettings() throws IOException {
    StringBuilder all = new StringBuilder();
    for (String name : List.of("base21", "base_2_base", "tiny", "tiny_21")) {
      Path file = Path.of("configs", name + ".yml");
      all.append(file).append('\n');
      for (String input : List.of("prompts=p.csv", "prompt=a")) {
        List<String> overrides = List.of("pretrained_model_name_or_path=m", input);
        JobConfig config = JobConfig.load(file, overrides);
        all.append(lines(config.effective())).append("chosen:\n").append(lines(config.chosen()));
      }
    }
    holds("effective.txt", all.toString());
  }

  /**
   * A parameter is named where it is said, where it is used, and where advice or setters name it.
   */
  @Test
  void namesAParameterWhereItIsSaidAndUsed() throws IOException {
    Pattern name = Pattern.compile("(?i)guidance_?rescale");
    Path main = Path.of("src/main/java/io/sparkdiffusion");
    try (Stream<Path> files = Files.walk(main)) {
      assertThat(
              files
                  .filter(Files::isRegularFile)
                  .filter(file -> name.matcher(text(file)).find())
                  .map(file -> main.relativize(file.getParent()).toString())
                  .distinct())
          .containsExactlyInAnyOrder("request", "pipeline", "bench", "spark/ml", "cli");
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String lines(Map<String, String> settings) {
    return settings.entrySet().stream()
        .map(setting -> "  " + setting.getKey() + "=" + setting.getValue() + "\n")
        .collect(Collectors.joining());
  }

  private static void holds(String file, String text) throws IOException {
    MadeFile.holds(SAID.resolve(file), text + "\n");
  }
}
