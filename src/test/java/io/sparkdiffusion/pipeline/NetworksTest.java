package io.sparkdiffusion.pipeline;

import static io.sparkdiffusion.testing.Comparison.assertClose;

import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.family.Component;
import io.sparkdiffusion.family.ModelFamily;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.kernel.Packing;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.testing.ReferenceFile;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.text.ClipTextModel;
import io.sparkdiffusion.text.TextConfig;
import io.sparkdiffusion.torch.CompiledGraph;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.torch.WeightDictionary;
import io.sparkdiffusion.unet.Unet2dConditionModel;
import io.sparkdiffusion.unet.UnetConfig;
import io.sparkdiffusion.vae.AutoencoderKlDecoder;
import io.sparkdiffusion.vae.VaeConfig;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The three networks against diffusers and transformers on the same weights, in float32, texts in
 * bfloat16 too.
 */
class NetworksTest {

  private static final double BOUND = 1e-5;

  private static TorchDevice device;

  @BeforeAll
  static void open() {
    device = TorchDevice.open("cpu");
  }

  @AfterAll
  static void close() {
    device.close();
  }

  @ParameterizedTest
  @CsvSource({
    "base,base.safetensors,''",
    "v21,v21.safetensors,''",
    "sd15,sd15.safetensors,''",
    "variants/fp16,variants.safetensors,fp16/",
    "variants/quick_gelu,variants.safetensors,quick_gelu/"
  })
  void textStatesEqualTransformers(String folder, String file, String prefix) {
    ReferenceFile numbers = ReferenceModels.numbers(file);
    boolean quick = folder.endsWith("quick_gelu");
    Path root = ReferenceModels.folder(quick ? "base" : folder);
    TextConfig read = TextConfig.read(root.resolve("text_encoder/config.json"));
    TextConfig config = quick ? withQuickGelu(read) : read;
    compareTexts(folder, root, config, device.target(Dtype.FLOAT32), numbers, prefix, BOUND);
  }

  /** bfloat16 keeps 8 bits, rounded some ten times in each of the layers. */
  @ParameterizedTest
  @EnumSource(Target.Kernels.class)
  void textStatesInBfloat16EqualTransformersButForRounding(Target.Kernels kernels) {
    Path root = ReferenceModels.folder("base");
    TextConfig config = TextConfig.read(root.resolve("text_encoder/config.json"));
    Target target = new Target(Dtype.BFLOAT16, kernels);
    ReferenceFile numbers = ReferenceModels.numbers("base.safetensors");
    compareTexts("base by " + kernels, root, config, target, numbers, "", 2e-2);
  }

  private static void compareTexts(
      String name,
      Path root,
      TextConfig config,
      Target target,
      ReferenceFile numbers,
      String prefix,
      double bound) {
    Graph graph = target.apply(new ClipTextModel(config).record());
    long[] ids = numbers.longs(prefix + "text/ids");
    float[] states = numbers.floats(prefix + "text/states");
    int size = Math.toIntExact(config.positions() * config.width());
    try (WeightDictionary weights = load(root, Component.TEXT_ENCODER, graph, target.dtype());
        CompiledGraph encoder = CompiledGraph.compile(graph, weights)) {
      for (int text = 0; text < ids.length / 77; text++) {
        try (DeviceTensor input =
                device.longs(Arrays.copyOfRange(ids, text * 77, text * 77 + 77), 1, 77);
            DeviceTensor output = encoder.run(input)) {
          assertClose(
              name + " text " + text,
              output.toFloats(),
              Arrays.copyOfRange(states, text * size, (text + 1) * size),
              bound);
        }
      }
    }
  }

  private static TextConfig withQuickGelu(TextConfig c) {
    return new TextConfig(
        c.vocabulary(),
        c.width(),
        c.innerWidth(),
        c.layers(),
        c.heads(),
        c.positions(),
        c.normEpsilon(),
        "quick_gelu");
  }

  @ParameterizedTest
  @CsvSource({
    "base,base.safetensors,''",
    "v21,v21.safetensors,''",
    "sd15,sd15.safetensors,''",
    "variants/fp16,variants.safetensors,fp16/",
    "variants/bf16,variants.safetensors,bf16/"
  })
  void unetOutputsEqualDiffusers(String folder, String file, String prefix) {
    ReferenceFile numbers = ReferenceModels.numbers(file);
    Path root = ReferenceModels.folder(folder);
    for (String call : calls(numbers, prefix + "unet/")) {
      String name = prefix + "unet/" + call;
      float[] noise =
          noise(
              root,
              numbers,
              name,
              numbers.floats(name + "/states"),
              numbers.shape(name + "/states"));
      assertClose(folder + " unet " + call, noise, numbers.floats(name + "/noise"), BOUND);
    }
  }

  /** As guidance asks: the same latents with a text of zeros, and with diffusers'. */
  @ParameterizedTest
  @ValueSource(strings = {"odd", "pair", "three"})
  void latentsWithTwoTextsAreThoseWithEach(String call) {
    ReferenceFile numbers = ReferenceModels.numbers("base.safetensors");
    Path root = ReferenceModels.folder("base");
    String name = "unet/" + call;
    float[] states = numbers.floats(name + "/states");
    long[] shape = numbers.shape(name + "/states");
    long[] both = {2 * shape[0], shape[1], shape[2]};

    float[] zeros = noise(root, numbers, name, new float[states.length], shape);
    float[] noise = noise(root, numbers, name, joined(new float[states.length], states), both);

    assertClose(call, noise, joined(zeros, numbers.floats(name + "/noise")), BOUND);
  }

  private static float[] joined(float[] first, float[] second) {
    float[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  /** The prediction for a reference call's latents and timestep with other texts. */
  private static float[] noise(
      Path root, ReferenceFile numbers, String call, float[] states, long[] text) {
    long[] shape = numbers.shape(call + "/sample");
    Graph graph =
        device
            .target(Dtype.FLOAT32)
            .apply(
                new Unet2dConditionModel(UnetConfig.read(root.resolve("unet/config.json")))
                    .record(Dtype.FLOAT32, shape[0], text[0], shape[2], shape[3], text[1]));
    try (WeightDictionary weights = load(root, Component.UNET, graph);
        CompiledGraph unet = CompiledGraph.compile(graph, weights);
        DeviceTensor sample = device.floats(numbers.floats(call + "/sample"), shape);
        DeviceTensor timestep =
            device.floats(new float[] {numbers.longs(call + "/timestep")[0]}, 1);
        DeviceTensor texts = device.floats(states, text);
        DeviceTensor output = unet.run(sample, timestep, texts)) {
      return output.toFloats();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "base,base.safetensors,''",
    "v21,v21.safetensors,''",
    "sd15,sd15.safetensors,''",
    "variants/fp16,variants.safetensors,fp16/",
    "variants/old_vae,variants.safetensors,old_vae/",
    "variants/new_vae,variants.safetensors,new_vae/"
  })
  void decodedImagesEqualDiffusers(String folder, String file, String prefix) {
    ReferenceFile numbers = ReferenceModels.numbers(file);
    Path root = ReferenceModels.folder(folder);
    VaeConfig config = VaeConfig.read(root.resolve("vae/config.json"));
    for (String call : calls(numbers, prefix + "vae/")) {
      String name = prefix + "vae/" + call;
      long[] shape = numbers.shape(name + "/latents");
      float[] latents = numbers.floats(name + "/latents");
      for (int i = 0; i < latents.length; i++) {
        latents[i] *= (float) config.scalingFactor();
      }
      Graph graph =
          device
              .target(Dtype.FLOAT32)
              .apply(
                  new AutoencoderKlDecoder(config)
                      .record(Dtype.FLOAT32, shape[0], shape[2], shape[3]));
      try (WeightDictionary weights = load(root, Component.VAE, graph);
          CompiledGraph decoder = CompiledGraph.compile(graph, weights);
          DeviceTensor input = device.floats(latents, shape);
          DeviceTensor output = decoder.run(input)) {
        assertClose(
            folder + " vae " + call, output.toFloats(), numbers.floats(name + "/image"), BOUND);
      }
    }
  }

  private static List<String> calls(ReferenceFile numbers, String prefix) {
    return numbers.names().stream()
        .filter(name -> name.startsWith(prefix))
        .map(name -> name.substring(prefix.length()).split("/", -1)[0])
        .distinct()
        .sorted()
        .toList();
  }

  /** Loads one network's weights even where the folder holds only that network. */
  private static WeightDictionary load(Path root, Component component, Graph graph) {
    return load(root, component, graph, Dtype.FLOAT32);
  }

  private static WeightDictionary load(Path root, Component component, Graph graph, Dtype dtype) {
    return WeightDictionary.load(
        device,
        ModelFamily.STABLE_DIFFUSION.weights(root, WeightChoice.USUAL, component, graph.weights()),
        dtype,
        Packing.of(graph));
  }
}
