package io.sparkdiffusion.weights;

import static io.sparkdiffusion.weights.TensorFileMaker.floats;
import static io.sparkdiffusion.weights.TensorFileMaker.shorts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.family.Component;
import io.sparkdiffusion.family.ModelFamily;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.torch.CompiledGraph;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.torch.WeightDictionary;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NetworkWeightsTest {

  private static final String FILE = "unet/diffusion_pytorch_model.safetensors";
  private static final String VAE_FILE = "vae/diffusion_pytorch_model.safetensors";
  private static final String TO_QUERY = "decoder.mid_block.attentions.0.to_q.weight";

  private static TorchDevice device;

  @TempDir Path root;

  @BeforeAll
  static void open() {
    device = TorchDevice.open("cpu");
  }

  @AfterAll
  static void close() {
    device.close();
  }

  @Test
  void allDifferencesAreReportedTogetherByName() {
    new TensorFileMaker()
        .zeros("unexpected", "F32", 3)
        .zeros("whole", "I64", 2)
        .zeros("double", "F64", 2, 2)
        .zeros("turned", "F32", 3, 2)
        .zeros("both", "I64", 1)
        .zeros("good", "F32", 2)
        .write(root.resolve(FILE));
    Map<String, Shape> wanted =
        Map.of(
            "good", Shape.of(2),
            "missing", Shape.of(4, 4),
            "absent", Shape.of(),
            "turned", Shape.of(2, 3),
            "both", Shape.of(2),
            "double", Shape.of(2, 2),
            "whole", Shape.of(2));

    assertRefused(
        Component.UNET,
        wanted,
        "Cannot find weight absent of unet: the network needs it (shape [])",
        "Cannot find weight missing of unet: the network needs it (shape [4, 4])",
        "Cannot place weight unexpected of unet: the network has no such weight (shape [3])",
        "Cannot take weight both of unet: its shape must be [2] ([1])",
        "Cannot take weight turned of unet: its shape must be [2, 3] ([3, 2])",
        "Cannot take weight both of unet: its type must be F32, F16 or BF16 (I64)",
        "Cannot take weight double of unet: its type must be F32, F16 or BF16 (F64)",
        "Cannot take weight whole of unet: its type must be F32, F16 or BF16 (I64)");
  }

  @Test
  void manyDifferencesOfOneKindAreOneLine() {
    TensorFileMaker maker = new TensorFileMaker();
    Map<String, Shape> wanted = new TreeMap<>();
    for (int i = 0; i < 20; i++) {
      maker.zeros("x%02d".formatted(i), "F32", 1);
      wanted.put("w%02d".formatted(i), Shape.of(2));
    }
    maker.write(root.resolve(FILE));

    assertRefused(
        Component.UNET,
        wanted,
        "Cannot find 20 weights of unet: the network needs them (w00 shape [2], w01 shape [2], w02"
            + " shape [2] and 17 others)",
        "Cannot place 20 weights of unet: the network has no such weights (x00 shape [1], x01 shape"
            + " [1], x02 shape [1] and 17 others)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mid.to_q.lora_A.default_0.weight | F32 | a plain network, not one that PEFT has wrapped for LoRA",
        "mid.to_q.base_layer.weight | F32 | a plain network, not one that PEFT has wrapped for LoRA",
        "lora_unet_mid_to_q.lora_down.weight | F16 | a whole network, not a LoRA alone",
        "mid.to_q.weight.absmax | F32 | a plain network, not one that bitsandbytes or quanto has quantized",
        "decoder.up.0.block.0.weight | F16 | in diffusers' layout, not in the original one",
        "mid.to_q.weight | F8_E4M3 | of numbers that are not quantized",
        "mid.to_q.weight | F8_E5M2 | of numbers that are not quantized",
        "mid.to_q.weight | I8 | of numbers that are not quantized",
      })
  void whatIsNoPlainNetworkIsRecognizedInOneLine(String name, String type, String rule) {
    TensorFileMaker maker = new TensorFileMaker();
    int bytes = type.equals("F32") ? 4 : type.equals("F16") ? 2 : 1;
    maker.add(name, type, Shape.of(1), new byte[bytes]);
    List.of("a", "b", "c", "d", "e", "f").forEach(other -> maker.zeros(other, "F32", 1));
    maker.write(root.resolve(FILE));

    assertThatThrownBy(
            () ->
                ModelFamily.STABLE_DIFFUSION.weights(
                    root, WeightChoice.USUAL, Component.UNET, Map.of("w", Shape.of(1))))
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e -> {
              assertThat(e.problems()).hasSize(1);
              assertThat(e.saysFix()).isTrue();
            })
        .hasMessageStartingWith(
            "Cannot use unet of %s: it must be %s (".formatted(root.resolve(FILE), rule));
  }

  /** torch.compile and parallel training put a module around one, which changes names alone. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "_orig_mod.mid.to_q.weight",
        "module._orig_mod.mid.to_q.weight",
        "mid._orig_mod.to_q.weight",
        "_fsdp_wrapped_module.mid._fsdp_wrapped_module.to_q.weight"
      })
  void namesOfWrappedModulesAreReadAsThoseOfTheModules(String name) {
    new TensorFileMaker().zeros(name, "F32", 2).write(root.resolve(FILE));

    NetworkWeights weights =
        ModelFamily.STABLE_DIFFUSION.weights(
            root, WeightChoice.USUAL, Component.UNET, Map.of("mid.to_q.weight", Shape.of(2)));

    assertThat(weights.storedParameters()).isEqualTo(2);
  }

  /** The data are a hole of 2 GiB: reading them would be seen. */
  @Test
  void aTensorOfTwoGibibytesIsRefusedWithoutReadingIt() throws IOException {
    long bytes = 1L << 31;
    String header =
        "{\"big\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[0,%d]}}"
            .formatted(bytes / 4, bytes);
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    Path file = TensorFileMaker.write(root.resolve(FILE), header, new byte[0]);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(1), 8 + json.length + bytes - 1);
    }

    assertRefused(
        Component.UNET,
        Map.of("big", Shape.of(bytes / 4)),
        "Cannot take weight big of unet: it must be below 2 GiB (2147483648)");
  }

  @Test
  void whatIsWrongInSeveralShardsIsReportedTogether() throws IOException {
    Path folder = Files.createDirectory(root.resolve("unet"));
    Path empty = Files.createFile(folder.resolve("a.safetensors"));
    Path cut = Files.write(folder.resolve("b.safetensors"), new byte[7]);
    Files.writeString(
        folder.resolve("diffusion_pytorch_model.safetensors.index.json"),
        "{\"weight_map\":{\"x\":\"a.safetensors\",\"y\":\"b.safetensors\"}}");

    assertRefused(
        Component.UNET,
        Map.of(),
        "Cannot read %s: it must begin with 8 bytes of header length (0 bytes)".formatted(empty),
        "Cannot read %s: it must begin with 8 bytes of header length (7 bytes)".formatted(cut));
  }

  @Test
  void aTensorInTwoShardsIsRefused() throws IOException {
    new TensorFileMaker().zeros("w", "F32", 1).write(root.resolve("unet/a.safetensors"));
    new TensorFileMaker().zeros("w", "F32", 1).write(root.resolve("unet/b.safetensors"));
    Files.writeString(
        root.resolve("unet/diffusion_pytorch_model.safetensors.index.json"),
        "{\"weight_map\":{\"w\":\"a.safetensors\",\"v\":\"b.safetensors\"}}");

    assertRefused(
        Component.UNET,
        Map.of("w", Shape.of(1)),
        "Cannot take weight w of unet: it must be stored once (w in a.safetensors and w in"
            + " b.safetensors)");
  }

  @ParameterizedTest
  @CsvSource({"to_q, query", "to_k, key", "to_v, value", "to_out.0, proj_attn"})
  void theVaesAttentionMayHaveOldNamesOrNewOnes(String today, String old) throws Exception {
    String name = "decoder.mid_block.attentions.0." + today + ".weight";
    Map<String, Shape> wanted = Map.of(name, Shape.of(2, 2));
    for (String stored : new String[] {name, name.replace(today, old)}) {
      byte[] data = floats(1, 2, 3, 4);
      new TensorFileMaker().add(stored, "F32", Shape.of(2, 2), data).write(root.resolve(VAE_FILE));
      assertThat(load(Component.VAE, wanted, name, Dtype.FLOAT32)).containsExactly(1, 2, 3, 4);
      new TensorFileMaker()
          .add(stored, "F32", Shape.of(2, 2, 1, 1), data)
          .write(root.resolve(VAE_FILE));
      assertThat(load(Component.VAE, wanted, name, Dtype.FLOAT32)).containsExactly(1, 2, 3, 4);
    }
  }

  @Test
  void anOldNameBesideTheNewOneIsRefused() {
    String old = TO_QUERY.replace("to_q", "query");
    new TensorFileMaker()
        .zeros(TO_QUERY, "F32", 2, 2)
        .zeros(old, "F32", 2, 2)
        .write(root.resolve(VAE_FILE));
    String file = "diffusion_pytorch_model.safetensors";

    assertRefused(
        Component.VAE,
        Map.of(TO_QUERY, Shape.of(2, 2)),
        "Cannot take weight %s of vae: it must be stored once (%s in %s and %s in %s)"
            .formatted(TO_QUERY, TO_QUERY, file, old, file));
  }

  @ParameterizedTest
  @ValueSource(strings = {"2, 2, 3, 3", "2, 2, 1", "4, 1, 1, 1", "1, 1, 2, 2"})
  void onlyAOneByOneConvolutionIsAMatrix(String sizes) {
    long[] stored = Arrays.stream(sizes.split(", ", -1)).mapToLong(Long::parseLong).toArray();
    new TensorFileMaker().zeros("w", "F32", stored).write(root.resolve(VAE_FILE));

    assertRefused(
        Component.VAE,
        Map.of("w", Shape.of(2, 2)),
        "Cannot take weight w of vae: its shape must be [2, 2] ([%s])".formatted(sizes));
  }

  @Test
  void oldNamesAreTheVaesAlone() {
    new TensorFileMaker()
        .zeros("decoder.attentions.0.query.weight", "F32", 1)
        .write(root.resolve(FILE));

    assertRefused(
        Component.UNET,
        Map.of(),
        "Cannot place weight decoder.attentions.0.query.weight of unet: the network has no such"
            + " weight (shape [1])");
  }

  @Test
  void whatNoImageNeedsIsPassedOver() {
    new TensorFileMaker()
        .zeros("encoder.conv_in.weight", "I64", 1)
        .zeros("encoder.mid_block.attentions.0.query.weight", "F32", 2, 2)
        .zeros("quant_conv.bias", "F64", 8)
        .zeros("w", "F32", 1)
        .write(root.resolve(VAE_FILE));
    new TensorFileMaker()
        .zeros("text_model.embeddings.position_ids", "I64", 1, 77)
        .zeros("w", "F32", 1)
        .write(root.resolve("text_encoder/model.safetensors"));
    Map<String, Shape> wanted = Map.of("w", Shape.of(1));

    NetworkWeights vae =
        ModelFamily.STABLE_DIFFUSION.weights(root, WeightChoice.USUAL, Component.VAE, wanted);
    NetworkWeights text =
        ModelFamily.STABLE_DIFFUSION.weights(
            root, WeightChoice.USUAL, Component.TEXT_ENCODER, wanted);
    assertThat(vae.parametersByType()).isEqualTo(Map.of("F32", 1L));
    assertThat(vae.storedParameters()).as("the encoder's weights among them").isEqualTo(4 + 1);
    assertThat(text.storedParameters()).as("positions are none").isEqualTo(1);
  }

  @Test
  void whatOneNetworkDoesNotNeedAnotherMustNotHave() {
    new TensorFileMaker().zeros("encoder.w", "F32", 1).write(root.resolve(FILE));
    new TensorFileMaker()
        .zeros("post_quant_conv.weight", "F32", 1)
        .zeros("position_ids", "I64", 1)
        .write(root.resolve(VAE_FILE));

    assertRefused(
        Component.UNET,
        Map.of(),
        "Cannot place weight encoder.w of unet: the network has no such weight (shape [1])");
    assertRefused(
        Component.VAE,
        Map.of(),
        "Cannot place weight position_ids of vae: the network has no such weight (shape [1])",
        "Cannot place weight post_quant_conv.weight of vae: the network has no such weight (shape"
            + " [1])");
  }

  /** 3.140625 is a float16 and no bfloat16; 1 + 2^-20 is neither. */
  @ParameterizedTest
  @CsvSource({
    "F32, FLOAT32, 3.140625, 1.00000095367431640625, 1e-30",
    "F32, BFLOAT16, 3.140625, 1, 9.984021e-31",
    "F16, FLOAT32, 3.140625, -2, 0.000000059604644775390625",
    "F16, BFLOAT16, 3.140625, -2, 0.000000059604644775390625",
    "BF16, FLOAT32, 3.15625, -0.0078125, 9.984021e-31",
    "BF16, BFLOAT16, 3.15625, -0.0078125, 9.984021e-31"
  })
  void everyTypeIsReadExactlyAndRoundedOnce(
      String stored, Dtype dtype, float first, float second, float third) throws Exception {
    byte[] data =
        switch (stored) {
          case "F32" -> floats(3.140625, 1 + Math.scalb(1, -20), 1e-30);
          case "F16" -> shorts(0x4248, 0xC000, 0x0001);
          default -> shorts(0x404A, 0xBC00, 0x0DA2);
        };
    new TensorFileMaker().add("w", stored, Shape.of(3), data).write(root.resolve(FILE));

    assertThat(load(Component.UNET, Map.of("w", Shape.of(3)), "w", dtype))
        .containsExactly(first, second, third);
  }

  @ParameterizedTest
  @ValueSource(strings = {"FLOAT32", "BFLOAT16"})
  void convolutionsKeepTheirOrder(Dtype dtype) throws Exception {
    double[] values = IntStream.range(0, 2 * 3 * 3 * 3).asDoubleStream().toArray();
    Shape shape = Shape.of(2, 3, 3, 3);
    new TensorFileMaker().add("w", "F32", shape, floats(values)).write(root.resolve(FILE));

    float[] read = load(Component.UNET, Map.of("w", shape), "w", dtype);
    for (int i = 0; i < values.length; i++) {
      assertThat((double) read[i]).isEqualTo(values[i]);
    }
  }

  /** A header's length needs not be a multiple of 8, nor of an element's size. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 5, 7})
  void dataMayBeginAtAnyByte(int offset) throws Exception {
    double[] values = IntStream.range(0, 10_001).asDoubleStream().toArray();
    TensorFileMaker maker =
        new TensorFileMaker().add("w", "F32", Shape.of(values.length), floats(values));
    long begin = begin(maker.write(root.resolve(FILE)));
    Path file = maker.write(root.resolve(FILE), Math.floorMod(offset - begin, 8));
    float[] read = load(Component.UNET, Map.of("w", Shape.of(values.length)), "w", Dtype.FLOAT32);

    assertThat(begin(file) % 8).isEqualTo(offset);
    for (int i = 0; i < values.length; i++) {
      assertThat((double) read[i]).isEqualTo(values[i]);
    }
  }

  private static long begin(Path file) {
    return SafetensorsFile.open(file).tensors().get("w").begin();
  }

  @Test
  void tensorsWithoutElementsAreLoaded() throws Exception {
    new TensorFileMaker().zeros("w", "F16", 0, 4).write(root.resolve(FILE));

    assertThat(load(Component.UNET, Map.of("w", Shape.of(0, 4)), "w", Dtype.FLOAT32)).isEmpty();
  }

  @Test
  void aFileThatChangedSinceItsCheckIsRefused() throws IOException {
    Path file = new TensorFileMaker().zeros("w", "F32", 4).write(root.resolve(FILE));
    NetworkWeights weights =
        ModelFamily.STABLE_DIFFUSION.weights(
            root, WeightChoice.USUAL, Component.UNET, Map.of("w", Shape.of(4)));
    Files.delete(file);

    assertThatThrownBy(() -> WeightDictionary.load(device, weights, Dtype.FLOAT32, Map.of()))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot read tensor w of %s: the file must stay as it was when it was checked (%s)"
                .formatted(file, file));
  }

  /** Networks are read when they are needed, so what lies there may be another model by then. */
  @Test
  void aFileThatWasReplacedByOneOfTheSameSizeIsRefused() throws IOException {
    Path file = new TensorFileMaker().zeros("w", "F32", 4).write(root.resolve(FILE));
    Files.setLastModifiedTime(file, FileTime.fromMillis(1_000));
    NetworkWeights weights =
        ModelFamily.STABLE_DIFFUSION.weights(
            root, WeightChoice.USUAL, Component.UNET, Map.of("w", Shape.of(4)));
    long size = Files.size(file);
    Files.setLastModifiedTime(file, FileTime.fromMillis(2_000));

    assertThatThrownBy(() -> WeightDictionary.load(device, weights, Dtype.FLOAT32, Map.of()))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            ("Cannot read tensor w of %s: the file must stay as it was when it was checked (it was"
                    + " %d bytes, changed 1970-01-01T00:00:01Z, now %d bytes, changed"
                    + " 1970-01-01T00:00:02Z)")
                .formatted(file, size, size));
  }

  private float[] load(Component component, Map<String, Shape> wanted, String name, Dtype dtype)
      throws Exception {
    Graph graph = new Graph("a copy");
    Shape shape = wanted.get(name);
    graph.returns(graph.scope().weight(name, shape.sizes()).to(Dtype.FLOAT32));
    try (WeightDictionary weights =
            WeightDictionary.load(
                device,
                ModelFamily.STABLE_DIFFUSION.weights(root, WeightChoice.USUAL, component, wanted),
                dtype,
                Map.of());
        CompiledGraph compiled = CompiledGraph.compile(graph, weights);
        DeviceTensor output = compiled.run()) {
      return output.toFloats();
    }
  }

  private void assertRefused(Component component, Map<String, Shape> wanted, String... problems) {
    assertThatThrownBy(
            () -> ModelFamily.STABLE_DIFFUSION.weights(root, WeightChoice.USUAL, component, wanted))
        .isInstanceOfSatisfying(
            ProblemsException.class, e -> assertThat(e.problems()).containsExactly(problems));
  }
}
