package io.sparkdiffusion.unet;

import static io.sparkdiffusion.testing.Comparison.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.family.Component;
import io.sparkdiffusion.family.ModelFamily;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.WeightSource;
import io.sparkdiffusion.kernel.Packing;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.testing.ReferenceFile;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.torch.CompiledGraph;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.torch.WeightDictionary;
import io.sparkdiffusion.util.ResourceStack;
import io.sparkdiffusion.weights.NetworkFiles;
import io.sparkdiffusion.weights.NetworkWeights;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** ControlNets of both layouts, and UNets under their control, against diffusers. */
class ControlNetTest {

  private static final ReferenceFile NUMBERS = ReferenceModels.numbers("controlnet.safetensors");
  private static final NetworkFiles FILES =
      new NetworkFiles(
          "controlnet", "diffusion_pytorch_model", "", name -> false, UnaryOperator.identity());

  /** Of what the reference was made with. */
  private static final float SCALE = 0.7f;

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
  @CsvSource({"v21, pair", "v21, odd", "sd15, pair", "sd15, odd"})
  void residualsEqualDiffusers(String model, String call) {
    float[] residuals = residuals(model, call, 1, device.target(Dtype.FLOAT32));
    assertClose(
        model + " " + call, residuals, NUMBERS.floats(model + "/" + call + "/residuals"), 1e-5);
  }

  /** bfloat16 keeps 8 bits, rounded some ten times in each of some thirty layers. */
  @ParameterizedTest
  @EnumSource(Target.Kernels.class)
  void residualsInBfloat16EqualDiffusersButForRounding(Target.Kernels kernels) {
    float[] residuals = residuals("v21", "pair", 1, new Target(Dtype.BFLOAT16, kernels));
    assertClose("by " + kernels, residuals, NUMBERS.floats("v21/pair/residuals"), 3e-2);
  }

  /** As guidance asks: the same latents and images for two texts. */
  @ParameterizedTest
  @CsvSource({"v21, pair", "sd15, odd"})
  void latentsWithTwoTextsAreThoseWithEach(String model, String call) {
    float[] once = NUMBERS.floats(model + "/" + call + "/residuals");
    float[] twice = Arrays.copyOf(once, 2 * once.length);
    System.arraycopy(once, 0, twice, once.length, once.length);

    assertClose(call, residuals(model, call, 2, device.target(Dtype.FLOAT32)), twice, 1e-5);
  }

  @ParameterizedTest
  @CsvSource({"v21, pair", "v21, odd", "sd15, pair", "sd15, odd"})
  void controlledUnetsEqualDiffusers(String model, String call) {
    String name = model + "/" + call + "/";
    long[] sample = NUMBERS.shape(name + "sample");
    long[] text = NUMBERS.shape(name + "encoder_hidden_states");
    Path root = ReferenceModels.folder(model);
    Unet2dConditionModel unet =
        new Unet2dConditionModel(UnetConfig.read(root.resolve("unet/config.json")));
    Target target = device.target(Dtype.FLOAT32);
    Graph graph =
        target.apply(
            unet.recordControlled(
                target.dtype(), sample[0], text[0], sample[2], sample[3], text[1]));
    WeightSource weights =
        ModelFamily.STABLE_DIFFUSION.weights(
            root, WeightChoice.USUAL, Component.UNET, graph.weights());
    try (ResourceStack open = new ResourceStack()) {
      DeviceTensor residuals = input(name + "residuals", open);
      float[] noise =
          run(graph, target.dtype(), weights, open, common(name, 1, open), List.of(residuals));

      assertClose(model + " " + call, noise, NUMBERS.floats(name + "noise"), 1e-5);
    }
  }

  private static float[] residuals(String model, String call, int copies, Target target) {
    String name = model + "/" + call + "/";
    Path root = ReferenceModels.folder("controlnet/" + model);
    ControlNetConfig config = ControlNetConfig.read(root.resolve("config.json"));
    assertThat(config.compression()).isEqualTo(8);
    long[] sample = NUMBERS.shape(name + "sample");
    Graph graph =
        target.apply(
            new ControlNet(config)
                .record(target.dtype(), sample[0], copies * sample[0], sample[2], sample[3], 77));
    NetworkWeights weights =
        NetworkWeights.check(
            List.of(root.resolve("diffusion_pytorch_model.safetensors")), FILES, graph.weights());
    float[] scales = new float[Math.toIntExact(sample[0])];
    Arrays.fill(scales, SCALE);
    try (ResourceStack open = new ResourceStack()) {
      List<DeviceTensor> own =
          List.of(input(name + "image", open), open.push(device.floats(scales, sample[0], 1)));
      return run(graph, target.dtype(), weights, open, common(name, copies, open), own);
    }
  }

  /** Latents, timestep and as many copies of the texts. */
  private static List<DeviceTensor> common(String name, int copies, ResourceStack open) {
    float[] timestep = {NUMBERS.longs(name + "timestep")[0]};
    float[] states = NUMBERS.floats(name + "encoder_hidden_states");
    float[] all = new float[copies * states.length];
    for (int i = 0; i < copies; i++) {
      System.arraycopy(states, 0, all, i * states.length, states.length);
    }
    long[] shape = NUMBERS.shape(name + "encoder_hidden_states");
    return List.of(
        input(name + "sample", open),
        open.push(device.floats(timestep, 1)),
        open.push(device.floats(all, copies * shape[0], shape[1], shape[2])));
  }

  private static DeviceTensor input(String name, ResourceStack open) {
    return open.push(device.floats(NUMBERS.floats(name), NUMBERS.shape(name)));
  }

  private static float[] run(
      Graph graph,
      Dtype dtype,
      WeightSource source,
      ResourceStack open,
      List<DeviceTensor> common,
      List<DeviceTensor> own) {
    WeightDictionary weights =
        open.push(WeightDictionary.load(device, source, dtype, Packing.of(graph)));
    CompiledGraph compiled = open.push(CompiledGraph.compile(graph, weights));
    DeviceTensor[] inputs = new DeviceTensor[common.size() + own.size()];
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = i < common.size() ? common.get(i) : own.get(i - common.size());
    }
    return open.push(compiled.run(inputs)).toFloats();
  }
}
