package io.sparkdiffusion.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.config.WeightFormat;
import io.sparkdiffusion.family.Component;
import io.sparkdiffusion.family.ModelFamily;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WeightFilesTest {

  private static final String NAME = "diffusion_pytorch_model";
  private static final String SINGLE = NAME + ".safetensors";
  private static final String INDEX = NAME + ".safetensors.index.json";
  private static final String HALF = NAME + ".fp16.safetensors";
  private static final String HALF_INDEX = NAME + ".safetensors.index.fp16.json";
  private static final String OTHER_HALF_INDEX = NAME + ".fp16.safetensors.index.json";

  @TempDir Path root;
  private Path unet;

  @BeforeEach
  void folder() throws IOException {
    unet = Files.createDirectory(root.resolve("unet"));
  }

  @Test
  void fullPrecisionComesFirstAndOneFileBeforeShards() throws IOException {
    List<String> worstFirst = List.of(OTHER_HALF_INDEX, HALF_INDEX, HALF, INDEX, SINGLE);
    for (String name : worstFirst) {
      String shard = name.replaceAll("\\W", "") + ".safetensors";
      if (name.endsWith(".json")) {
        put(shard, "");
        put(name, "{\"weight_map\":{\"a\":\"%s\"}}".formatted(shard));
        assertThat(find()).containsExactly(unet.resolve(shard));
      } else {
        put(name, "");
        assertThat(find()).containsExactly(unet.resolve(name));
      }
    }
  }

  @Test
  void shardsAreFoundOnceEachInOrder() throws IOException {
    put("b.safetensors", "");
    put("a.safetensors", "");
    put(
        INDEX,
        "{\"metadata\":{\"total_size\":3},\"weight_map\":{\"x\":\"b.safetensors\","
            + "\"y\":\"a.safetensors\",\"z\":\"b.safetensors\"}}");

    assertThat(find())
        .containsExactly(unet.resolve("a.safetensors"), unet.resolve("b.safetensors"));
  }

  @Test
  void theTextEncodersFilesHaveTheirOwnName() throws IOException {
    Path file = root.resolve("text_encoder/model.fp16.safetensors");
    Files.createDirectory(file.getParent());
    Files.createFile(file);

    assertThat(
            ModelFamily.STABLE_DIFFUSION.weightFiles(
                root, WeightChoice.USUAL, Component.TEXT_ENCODER))
        .containsExactly(file);
  }

  @Test
  void everyMissingShardIsNamed() throws IOException {
    put("a.safetensors", "");
    put(
        INDEX,
        "{\"weight_map\":{\"x\":\"b.safetensors\",\"y\":\"a.safetensors\","
            + "\"z\":\"c.safetensors\"}}");

    assertRefused(
        "Cannot read shard b.safetensors of INDEX: the file must be there (missing)",
        "Cannot read shard c.safetensors of INDEX: the file must be there (missing)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../x.safetensors",
        "/x.safetensors",
        "sub/x.safetensors",
        "..\\\\x.safetensors",
        "C:x.safetensors",
        ".safetensors",
        ".x.safetensors",
        "x.safetensors ",
        "x.safetensors\\n",
        "x.bin",
        "x",
        ""
      })
  void aShardIsTheNameOfASafetensorsFileInTheFolder(String name) throws IOException {
    Files.createFile(root.resolve("x.safetensors"));
    put("x.bin", "");
    put(INDEX, "{\"weight_map\":{\"a\":\"%s\"}}".formatted(name));

    assertRefused(
        "Cannot read INDEX: a shard must be the plain name of a .safetensors file (%s)"
            .formatted(Shown.text(name.translateEscapes())));
  }

  @Test
  void aShardIsAText() throws IOException {
    put(INDEX, "{\"weight_map\":{\"a\":1,\"b\":null}}");

    assertRefused(
        "Cannot read INDEX: a shard must be the plain name of a .safetensors file (1)",
        "Cannot read INDEX: a shard must be the plain name of a .safetensors file (null)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | it must hold a weight_map of names to files (absent)",
        "{\"weight_map\":{}} | it must hold a weight_map of names to files ({})",
        "{\"weight_map\":[\"a\"]} | it must hold a weight_map of names to files ([a])",
        "{\"weight_map\": | it must be valid JSON (line 1, column 15)",
        "'' | it must be a mapping of keys to values (it is empty)",
        "{\"a\":1,\"a\":1} | the key 'a' must not occur twice (line 1, column 8)"
      })
  void aBrokenIndexIsRefused(String text, String message) throws IOException {
    put(INDEX, text);

    assertRefused("Cannot read INDEX: " + message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "diffusion_pytorch_model.bin",
        "diffusion_pytorch_model.fp16.bin",
        "diffusion_pytorch_model.bin.index.json",
        "v2-1_512-ema-pruned.ckpt",
        "model.pt",
        "model.pth"
      })
  void picklesAreRefusedWithTheReasonAndTheConversion(String name) throws IOException {
    put("config.json", "{}");
    put(name, "");

    assertRefused(
        "Cannot load unet of %s: a .bin or .ckpt file is a pickle, which can run code when it is read,"
                .formatted(root)
            + " so only safetensors are (%s); convert it once with diffusers' save_pretrained(...,"
                .formatted(name)
            + " safe_serialization=True)");
  }

  @Test
  void noWeightsAtAllAreMissing() throws IOException {
    put("config.json", "{}");
    Files.createDirectory(unet.resolve(SINGLE));
    String message =
        "Cannot load unet of %s: diffusion_pytorch_model.safetensors must be there (missing)";

    assertRefused(message.formatted(root));
    assertThatThrownBy(
            () -> ModelFamily.STABLE_DIFFUSION.weightFiles(root, WeightChoice.USUAL, Component.VAE))
        .hasMessage(message.replace("unet", "vae").formatted(root));
  }

  @ParameterizedTest
  @CsvSource({
    "diffusion_pytorch_model.non_ema.safetensors, non_ema",
    "diffusion_pytorch_model.safetensors.index.bf16.json, bf16",
    "diffusion_pytorch_model.bf16.safetensors.index.json, bf16",
  })
  void aVariantThatIsAloneIsNamedWithTheSetting(String name, String variant) throws IOException {
    put(name, "");

    assertRefused(
        ("Cannot load unet of %s: its weight files must be of the variant that is asked for (none,"
                + " there is %s); set variant=%s to use them")
            .formatted(root, variant, variant));
  }

  @Test
  void aChosenVariantIsTakenAndOtherNetworksKeepTheirUsualFiles() throws IOException {
    put(SINGLE, "");
    put("diffusion_pytorch_model.non_ema.safetensors", "");
    Path vae = root.resolve("vae/" + SINGLE);
    Files.createDirectories(vae.getParent());
    Files.createFile(vae);
    WeightChoice choice = new WeightChoice(WeightFormat.SAFETENSORS, "non_ema");

    assertThat(find()).containsExactly(unet.resolve(SINGLE));
    assertThat(ModelFamily.STABLE_DIFFUSION.weightFiles(root, choice, Component.UNET))
        .containsExactly(unet.resolve("diffusion_pytorch_model.non_ema.safetensors"));
    assertThat(ModelFamily.STABLE_DIFFUSION.weightFiles(root, choice, Component.VAE))
        .containsExactly(vae);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "diffusion_pytorch_model.safetensors.index.bf16.json",
        "diffusion_pytorch_model.bf16.safetensors.index.json"
      })
  void theShardsOfAVariantAreThoseOfItsIndex(String index) throws IOException {
    String shard = "diffusion_pytorch_model.bf16-00001-of-00001.safetensors";
    put(shard, "");
    put(index, "{\"weight_map\":{\"a\":\"%s\"}}".formatted(shard));

    assertThat(
            ModelFamily.STABLE_DIFFUSION.weightFiles(
                root, new WeightChoice(WeightFormat.SAFETENSORS, "bf16"), Component.UNET))
        .containsExactly(unet.resolve(shard));
  }

  @Test
  void aVariantThatNoNetworkHasIsRefusedWithThoseThatAreThere() throws IOException {
    put(SINGLE, "");
    put(HALF, "");
    WeightChoice choice = new WeightChoice(WeightFormat.SAFETENSORS, "bf16");

    assertThatThrownBy(() -> ModelFamily.STABLE_DIFFUSION.weightFiles(root, choice, Component.UNET))
        .hasMessage(
            ("Cannot use variant of %s: its weight files must have it in their names (bf16, there is"
                    + " fp16); set variant=fp16")
                .formatted(root));
  }

  @Test
  void manyMissingShardsAreOneLine() throws IOException {
    StringBuilder map = new StringBuilder();
    for (int i = 0; i < 50; i++) {
      map.append(map.isEmpty() ? "" : ",").append("\"w%d\":\"s%02d.safetensors\"".formatted(i, i));
    }
    put(INDEX, "{\"weight_map\":{%s}}".formatted(map));

    assertRefused(
        "Cannot read shard s00.safetensors, s01.safetensors, s02.safetensors and 47 others of INDEX:"
            + " the file must be there (missing)");
  }

  @Test
  void flaxHasOneFileForEachNetwork() throws IOException {
    put("diffusion_flax_model.msgpack", "");
    Path text = root.resolve("text_encoder/flax_model.msgpack");
    Files.createDirectory(text.getParent());
    Files.createFile(text);

    assertThat(
            ModelFamily.STABLE_DIFFUSION.weightFiles(
                root, WeightChoice.of(WeightFormat.FLAX), Component.UNET))
        .containsExactly(unet.resolve("diffusion_flax_model.msgpack"));
    assertThat(
            ModelFamily.STABLE_DIFFUSION.weightFiles(
                root, WeightChoice.of(WeightFormat.FLAX), Component.TEXT_ENCODER))
        .containsExactly(text);
  }

  @Test
  void missingFlaxWeightsAreNamedWithTheSetting() throws IOException {
    String message =
        "Cannot load unet of %s: diffusion_flax_model.msgpack must be there (missing); "
            .formatted(root);
    put("diffusion_pytorch_model.bin", "");

    assertThatThrownBy(
            () ->
                ModelFamily.STABLE_DIFFUSION.weightFiles(
                    root, WeightChoice.of(WeightFormat.FLAX), Component.UNET))
        .hasMessage(message + "from_pt=false asks for Flax's weights");
    put(HALF, "");
    assertThatThrownBy(
            () ->
                ModelFamily.STABLE_DIFFUSION.weightFiles(
                    root, WeightChoice.of(WeightFormat.FLAX), Component.UNET))
        .hasMessage(message + "the weights there are PyTorch's, set from_pt=true");
  }

  private void put(String name, String content) throws IOException {
    Files.writeString(unet.resolve(name), content);
  }

  private List<Path> find() {
    return ModelFamily.STABLE_DIFFUSION.weightFiles(root, WeightChoice.USUAL, Component.UNET);
  }

  private void assertRefused(String... problems) {
    String index = unet.resolve(INDEX).toString();
    assertThatThrownBy(this::find)
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e ->
                assertThat(e.problems())
                    .containsExactly(
                        List.of(problems).stream()
                            .map(problem -> problem.replace("INDEX", index))
                            .toArray(String[]::new)));
  }
}
