package io.sparkdiffusion.adapter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.LoraUnmatched;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.testing.AdapterFiles;
import io.sparkdiffusion.weights.TensorFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters' names and shapes against those of published models. */
class AdaptersTest {

  private static final Path RESOURCES = Path.of("src/test/resources");
  private static final Map<String, Map<String, Shape>> SD2 =
      model("published/unet-keys.txt", "published/text-encoder-keys.txt");
  private static final Map<String, Map<String, Shape>> SD15 =
      model("reference/sd15_unet_keys.txt", "reference/sd15_text_encoder_keys.txt");

  private static final String LAYER = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q";

  @TempDir Path folder;

  private static Map<String, Map<String, Shape>> model(String unet, String text) {
    return Map.of(
        AdapterKey.UNET, shapes(RESOURCES.resolve(unet)),
        AdapterKey.TEXT_ENCODER, shapes(RESOURCES.resolve(text)));
  }

  private static Map<String, Shape> shapes(Path list) {
    Map<String, Shape> shapes = new HashMap<>();
    try {
      for (String line : Files.readAllLines(list)) {
        String[] words = line.split(" ", -1);
        long[] sizes = Arrays.stream(words[1].split(",", -1)).mapToLong(Long::parseLong).toArray();
        shapes.put(words[0], Shape.of(sizes));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return shapes;
  }

  @ParameterizedTest
  @CsvSource({
    "sd2-peft-base_model, 128",
    "sd2-peft, 220",
    "sd2-kohya, 330",
    "sd2-lora.down, 128",
    "sd15-lora_unet_unet, 128",
    "sd15-processor-no-prefix, 128",
    "sd15-processor, 128",
    "sd15-lora.down, 128"
  })
  void everyTensorOfPublishedAdaptersBelongsToALayer(String list, int layers) {
    AdapterFile file = AdapterFile.open(AdapterFiles.published(file("a"), list));
    Adapters found = check(file, list.startsWith("sd2") ? SD2 : SD15);
    assertThat(found.changed()).isEqualTo(layers);
    assertThat(found.ignored()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"sd15-processor, Stable Diffusion 1", "sd15-lora.down, Stable Diffusion 1"})
  void anotherFamilysAdapterSaysWhichItIsFor(String list, String family) {
    AdapterFile file = AdapterFile.open(AdapterFiles.published(file("a"), list));
    assertProblem(
        () -> check(file, SD2),
        "Cannot use LoRA %s: it must be for this model, it is for %s (its text is 768 wide, the model's 1024)"
            .formatted(file, family));
  }

  @ParameterizedTest
  @CsvSource({
    "lora_te2_text_model_encoder_layers_0_mlp_fc1, Stable Diffusion XL",
    "lora_unet_input_blocks_4_1_proj_in, Stable Diffusion XL",
    "unet.down_blocks.2.attentions.0.transformer_blocks.3.attn1.to_q, Stable Diffusion XL",
    "'transformer.single_transformer_blocks.0.attn.to_q', 'a transformer, such as Stable Diffusion 3 or Flux'"
  })
  void namesOfOtherFamiliesAreKnown(String layer, String family) {
    AdapterFile file =
        AdapterFile.open(
            AdapterFiles.zeros(
                file("a"),
                layer + ".lora_down.weight F32 4,320",
                layer + ".lora_up.weight F32 320,4"));
    assertProblem(
        () -> check(file, SD2),
        "Cannot use LoRA %s: it must be for this model, it is for %s (%s.lora_down.weight)"
            .formatted(file, family, layer));
  }

  @ParameterizedTest
  @CsvSource({
    "DoRA, .dora_scale",
    "DoRA, .lora_magnitude_vector",
    "LoHa, .hada_w1_a",
    "LoKr, .lokr_w1",
    "LoCon with a Tucker core, .lora_mid.weight",
    "OFT, .oft_blocks",
    "(IA)^3, .on_input",
    "LoRA with biases, .lora_B.bias",
    "LoRA with whole layers, .diff"
  })
  void whatIsNoPlainLoraIsRefusedByItsName(String kind, String part) {
    Path file =
        AdapterFiles.zeros(
            file("a"),
            "unet." + LAYER + ".lora_A.weight F32 4,320",
            "unet." + LAYER + ".lora_B.weight F32 320,4",
            "unet." + LAYER + part + " F32 320");
    assertProblem(
        () -> AdapterFile.open(file),
        "Cannot use LoRA %s: it must be LoRA, linear or of convolutions, %s is not supported (unet.%s%s)"
            .formatted(file, kind, LAYER, part));
  }

  @Test
  void tensorsOfNoLayerAreToldAtOnceAndLeftOutWhereAsked() {
    AdapterFile file =
        AdapterFile.open(
            AdapterFiles.zeros(
                file("a"),
                "unet.%s.lora_A.weight F32 4,320".formatted(LAYER),
                "unet.%s.lora_B.weight F32 320,4".formatted(LAYER),
                "unet.nowhere.lora_A.weight F32 4,320",
                "unet.nowhere.lora_B.weight F32 320,4",
                "unrelated F32 1"));
    assertProblem(
        () -> check(file, SD2),
        "Cannot use LoRA %s: each of its tensors must belong to a layer of the model (3 of 5 do not: unet.nowhere.lora_A.weight, unet.nowhere.lora_B.weight, unrelated); lora_unmatched=ignore leaves them out"
            .formatted(file));
    Adapters found =
        Adapters.check(
            new AdapterSet(List.of(new WeightedAdapter(file, 1)), LoraUnmatched.IGNORE), SD2);
    assertThat(found.changed()).isEqualTo(1);
    assertThat(found.ignored())
        .containsExactly("unet.nowhere.lora_A.weight", "unet.nowhere.lora_B.weight", "unrelated");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "4,320;320,8",
        "4,321;320,4",
        "4,320;321,4",
        "4,320,3,3;320,4",
        "4;320,4",
        "0,320;320,0"
      })
  void factorsMustMultiplyToTheLayer(String down, String up) {
    AdapterFile file =
        AdapterFile.open(
            AdapterFiles.zeros(
                file("a"),
                "unet.%s.lora_A.weight F32 %s".formatted(LAYER, down),
                "unet.%s.lora_B.weight F32 %s".formatted(LAYER, up)));
    assertProblem(
        () -> check(file, SD2),
        "Cannot add unet.%1$s.lora_A.weight of %2$s: up and down must multiply to the shape of %1$s.weight, [320, 320] (up [%3$s], down [%4$s])"
            .formatted(LAYER, file, up.replace(",", ", "), down.replace(",", ", ")));
  }

  @Test
  void aLayerNeedsBothFactors() {
    AdapterFile file =
        AdapterFile.open(
            AdapterFiles.zeros(file("a"), "unet.%s.lora_A.weight F32 4,320".formatted(LAYER)));
    assertProblem(
        () -> check(file, SD2),
        "Cannot use LoRA %s: a layer must have both factors (only unet.%s.lora_A.weight)"
            .formatted(file, LAYER));
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
  void numbersMustBeFinite(float value) throws IOException {
    float[] down = new float[4 * 320];
    down[7] = value;
    AdapterFile file = written(down, 2);
    assertProblem(
        () -> check(file, SD2),
        "Cannot use unet.%s.lora_A.weight of %s: its numbers must be finite (NaN or infinity at 7)"
            .formatted(LAYER, file));
  }

  @Test
  void alphaMustBeFinite() throws IOException {
    AdapterFile file = written(new float[4 * 320], Float.NaN);
    assertProblem(
        () -> check(file, SD2),
        "Cannot use unet.%s.alpha of %s: alpha must be one finite number (shape [1])"
            .formatted(LAYER, file));
  }

  private AdapterFile written(float[] down, float alpha) throws IOException {
    TensorFile.Writer writer = new TensorFile.Writer();
    writer.add("unet.%s.lora_A.weight".formatted(LAYER), down, Shape.of(4, 320));
    writer.add("unet.%s.lora_B.weight".formatted(LAYER), new float[320 * 4], Shape.of(320, 4));
    writer.add("unet.%s.alpha".formatted(LAYER), new float[] {alpha}, Shape.of(1));
    writer.write(file("a"));
    return AdapterFile.open(file("a"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.pt", "a.bin", "a.ckpt"})
  void picklesAreRefusedWithTheReason(String name) {
    Path file = folder.resolve(name);
    assertProblem(
        () -> AdapterFile.open(file),
        "Cannot use LoRA %s: it must be a safetensors file (a pickle, which runs code of whoever made it); where you trust it, convert it once in Python: safetensors.torch.save_file(torch.load(FILE, weights_only=True), NEW)"
            .formatted(file));
  }

  @Test
  void aPickleUnderAnotherNameIsOneToo() throws IOException {
    byte[] archive = {'P', 'K', 3, 4, 0, 0, 0, 0, 0, 0};
    byte[] plain = {(byte) 0x80, 2, '}', 'q', 0, '(', 'X', 0, 0, 0};
    for (byte[] first : List.of(archive, plain)) {
      Path file = Files.write(file("a"), first);
      assertThatThrownBy(() -> AdapterFile.open(file))
          .hasMessageContaining("(a pickle, which runs");
    }
  }

  /** A header of 0x0480 bytes begins as a pickle of protocol 4 does. */
  @Test
  void aHeadersLengthIsNoPickle() {
    String name = "unet." + LAYER + ".lora_A.weight F32 4,320";
    Path file = file("a");
    for (int i = 0; ; i++) {
      AdapterFiles.zeros(file, name, "x".repeat(i) + " F32 1");
      if (headerBytes(file) == 0x0480) {
        break;
      }
    }
    assertThat(AdapterFile.open(file).keys()).hasSize(2);
  }

  private static long headerBytes(Path file) {
    try {
      return ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN).getLong();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aCutFileSaysSo() throws IOException {
    Path file = AdapterFiles.published(file("a"), "sd2-lora.down");
    byte[] all = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(all, all.length - 100));
    assertThatThrownBy(() -> AdapterFile.open(file))
        .isInstanceOf(ProblemsException.class)
        .hasMessageContaining("it must lie inside the file of");
  }

  @Test
  void aFileWithoutLoraIsNoAdapter() {
    Path file = AdapterFiles.zeros(file("a"), "conv_in.weight F32 320,4,3,3");
    assertProblem(
        () -> AdapterFile.open(file),
        "Cannot use LoRA %s: it must hold a LoRA, lora_down and lora_up or lora_A and lora_B (conv_in.weight)"
            .formatted(file));
  }

  private Path file(String name) {
    return folder.resolve(name + ".safetensors");
  }

  private static Adapters check(AdapterFile file, Map<String, Map<String, Shape>> model) {
    return Adapters.check(
        new AdapterSet(List.of(new WeightedAdapter(file, 1)), LoraUnmatched.REFUSE), model);
  }

  private static void assertProblem(Runnable work, String problem) {
    assertThatThrownBy(work::run)
        .isInstanceOfSatisfying(
            ProblemsException.class, e -> assertThat(e.problems()).containsExactly(problem));
  }
}
