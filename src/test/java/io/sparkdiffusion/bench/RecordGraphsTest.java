package io.sparkdiffusion.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Graphs are recorded as a GPU is given them, on a machine that has none. */
class RecordGraphsTest {

  private static final Path REAL = Path.of("tools/gpu/real-size");
  private static final Path NUMBERS = Path.of("src/test/resources/reference");

  @TempDir private Path output;

  @Test
  void everyBatchHasEachNetworkInEachType() throws IOException {
    RecordGraphs.main(arguments("sizes", output, REAL, 1, 64));
    assertThat(graphs())
        .containsKeys("text-float16.zip", "unet-bfloat16-64x128x64x64.zip")
        .containsKeys("vae-float32-1x64x64.zip", "step-float32-64x64x64x1x0.zip")
        .containsKeys("decoder-float32-1x64x64.zip")
        .hasSize(3 + 3 + 2 * (3 + 3 + 1));
    assertThat(String.valueOf(graphs().get("unet-float16-64x128x64x64.zip")))
        .contains("inputs=[[64, 4, 64, 64], [1], [128, 77, 1024]]")
        .contains("result=[128, 4, 64, 64]");
  }

  /** Pixels as bytes and whether they are finite, as the product copies them to the host. */
  @Test
  void decodingEndsInBytesAndOnceInNumbers() throws IOException {
    RecordGraphs.main(arguments("sizes", output, REAL, 2));
    assertThat(String.valueOf(graphs().get("vae-float16-2x64x64.zip")))
        .contains("inputs=[[2, 4, 64, 64]]")
        .contains("result=[2, 786433]");
    assertThat(script("vae-float16-2x64x64.zip")).contains("torch.round(");
    assertThat(String.valueOf(graphs().get("decoder-float16-1x64x64.zip")))
        .contains("result=[1, 3, 512, 512]");
    assertThat((Map<?, ?>) model().get("weights"))
        .extracting(Map::keySet)
        .isEqualTo(Set.of("text", "unet", "vae"));
  }

  @Test
  void noGraphNamesKernelsOfACpu() throws IOException {
    RecordGraphs.main(arguments("sizes", output, REAL, 1));
    for (String file : graphs().keySet()) {
      assertThat(script(file)).as(file).doesNotContain("mkldnn").contains("def forward");
    }
  }

  @Test
  void everyChoiceOfKernelsIsAFolderOfItsOwn() throws IOException {
    RecordGraphs.main(arguments("choices", output, REAL, 2));
    output = output.resolve("group_norm=moments");
    assertThat(graphs().keySet())
        .contains("unet-float16-2x4x64x64.zip", "vae-bfloat16-1x64x64.zip")
        .hasSize(6);
    assertThat(model()).containsEntry("kernels", "group_norm=moments");
    assertThat(script("unet-float16-2x4x64x64.zip"))
        .contains("var_mean")
        .doesNotContain("group_norm");
    output = output.resolveSibling("attention=flash");
    assertThat(script("unet-float16-2x4x64x64.zip")).contains("_flash_attention(");
    // One head of 512 channels is more than that kernel takes.
    assertThat(script("vae-float16-1x64x64.zip")).doesNotContain("_flash_attention(");
  }

  @Test
  void runsOfTheReferenceCarryTheirScheduleAndTokens() throws IOException {
    RecordGraphs.main(arguments("reference", output, NUMBERS.resolve("v21"), NUMBERS));
    List<?> loops = (List<?>) model().get("loops");
    assertThat(loops).hasSize(8);
    Map<?, ?> first = (Map<?, ?>) loops.get(0);
    assertThat((List<?>) first.get("timesteps")).hasSize(50);
    assertThat((List<?>) first.get("coefficients")).hasSize(50);
    assertThat((List<?>) ((List<?>) first.get("prompt_ids")).get(0)).hasSize(77);
    assertThat(graphs()).containsKey("unet-float32-2x2x8x8.zip");
  }

  @Test
  void theDictionaryIsAnArchiveOfItsOwn() throws IOException {
    Path file = output.resolve("dictionary.zip");
    RecordGraphs.main(arguments("dictionary", file));
    assertThat(script("dictionary.zip")).contains("def put(", "view_copy");
  }

  @Test
  void otherArgumentsAreRefused() {
    assertThatThrownBy(() -> RecordGraphs.main(arguments("sizes", output)))
        .hasMessageStartingWith("Cannot record graphs: it takes sizes OUTPUT MODEL BATCH...");
  }

  private Map<String, Object> model() {
    return StrictJson.read(output.resolve("model.json"), 64 << 20);
  }

  private Map<String, Map<?, ?>> graphs() {
    return ((List<?>) model().get("graphs"))
        .stream()
            .map(graph -> (Map<?, ?>) graph)
            .collect(Collectors.toMap(graph -> (String) graph.get("file"), graph -> graph));
  }

  private String script(String file) throws IOException {
    assertThat(Files.exists(output.resolve(file))).as(file).isTrue();
    try (ZipFile zip = new ZipFile(output.resolve(file).toFile())) {
      return new String(
          zip.getInputStream(zip.getEntry("m/code/__torch__.py")).readAllBytes(), UTF_8);
    }
  }

  private static String[] arguments(Object... all) {
    return Stream.of(all).map(Object::toString).toArray(String[]::new);
  }
}
