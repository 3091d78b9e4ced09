package io.sparkdiffusion.bench;

import io.sparkdiffusion.family.Component;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.kernel.Packing;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.pipeline.BatchShape;
import io.sparkdiffusion.pipeline.GuidedStep;
import io.sparkdiffusion.text.ClipTextModel;
import io.sparkdiffusion.text.TextConfig;
import io.sparkdiffusion.torch.CompiledGraph;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.torch.WeightDictionary;
import io.sparkdiffusion.unet.Unet2dConditionModel;
import io.sparkdiffusion.unet.UnetConfig;
import io.sparkdiffusion.util.ResourceStack;
import io.sparkdiffusion.vae.AutoencoderKlDecoder;
import io.sparkdiffusion.vae.VaeConfig;
import io.sparkdiffusion.weights.TensorFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Runs text encoding, the UNet, guidance with the scheduler's step, or VAE decoding on given
 * inputs, one call whenever it is asked, so that {@code tools/bench} can let it take turns with
 * diffusers on the same inputs.
 */
final class StageBench implements AutoCloseable {

  private final ResourceStack open = new ResourceStack();
  private final ModelFolder folder;
  private final TensorFile inputs;
  private final Dtype dtype;
  private final TorchDevice device;
  private final Target target;
  private final Map<Component, WeightDictionary> weights = new EnumMap<>(Component.class);
  private final Map<String, Stage> stages = new LinkedHashMap<>();
  private final Map<String, float[]> results = new LinkedHashMap<>();

  /** A network with its inputs, ready to run. */
  private record Stage(
      String result, Graph graph, CompiledGraph compiled, DeviceTensor... inputs) {}

  /**
   * Loads the model.
   *
   * @param inputs {@code ids} (1, S) int64, {@code sample} (1, C, h, w), {@code timestep} (1),
   *     {@code states} (2, S, D) and {@code latents} (1, C, h, w) float32
   */
  StageBench(ModelFolder folder, TensorFile inputs, Dtype dtype, String device) {
    this.folder = folder;
    this.inputs = inputs;
    this.dtype = dtype;
    this.device = open.push(TorchDevice.open(device));
    this.target = this.device.target(dtype);
    try {
      for (String name : List.of("text", "unet", "vae")) {
        stages.put(name, stage(name));
      }
    } catch (RuntimeException e) {
      open.close();
      throw e;
    }
  }

  /**
   * One call, to its end: a GPU, which takes its work and says so at once, is waited for by the
   * copy of the result to the host, which is in the time.
   *
   * @param question {@code text}, {@code unet}, {@code guidance} or {@code vae}; with {@code :N}
   *     for N images at a time
   * @return seconds
   */
  double seconds(String question) {
    Stage stage = stages.computeIfAbsent(question, this::stage);
    long begin = System.nanoTime();
    try (DeviceTensor output = stage.compiled().run(stage.inputs())) {
      results.put(question, output.toFloats());
      return (System.nanoTime() - begin) / 1e9;
    }
  }

  /** Writes the last result of each stage that ran for one image, float32. */
  void write(Path output) throws IOException {
    TensorFile.Writer outputs = new TensorFile.Writer();
    for (String name : List.of("text", "unet", "vae")) {
      float[] result = results.get(name);
      if (result != null) {
        Stage stage = Objects.requireNonNull(stages.get(name), name);
        outputs.add(stage.result(), result, stage.graph().resultShape());
      }
    }
    outputs.write(output);
  }

  private Stage stage(String question) {
    String[] parts = question.split(":", 2);
    int images = parts.length == 1 ? 1 : Integer.parseInt(parts[1]);
    return switch (parts[0]) {
      case "text" -> text();
      case "unet" -> unet(images);
      case "guidance" -> guidance(images);
      case "vae" -> vae(images);
      default ->
          throw new IllegalArgumentException(
              "Cannot run a stage: it must be text, unet, guidance or vae (%s)"
                  .formatted(question));
    };
  }

  private Stage text() {
    Graph graph =
        target.apply(
            new ClipTextModel(TextConfig.read(folder.configFile(Component.TEXT_ENCODER))).record());
    DeviceTensor ids = open.push(device.longs(inputs.longs("ids"), shape("ids")));
    return new Stage("states", graph, compile(Component.TEXT_ENCODER, graph), ids);
  }

  private Stage unet(int images) {
    long[] sample = shape("sample");
    Graph graph =
        target.apply(
            new Unet2dConditionModel(UnetConfig.read(folder.configFile(Component.UNET)))
                .record(dtype, images, 2L * images, sample[2], sample[3], shape("states")[1]));
    DeviceTensor timestep = open.push(device.floats(inputs.floats("timestep"), 1));
    return new Stage(
        "noise",
        graph,
        compile(Component.UNET, graph),
        repeated("sample", images),
        timestep,
        repeated("states", images));
  }

  private Stage guidance(int images) {
    long[] sample = shape("sample");
    Graph graph =
        GuidedStep.record(new BatchShape(images, sample[1], sample[2], sample[3], true, false));
    float[] scales = new float[images];
    Arrays.fill(scales, 7.5f);
    float[] rescales = new float[images];
    Arrays.fill(rescales, 0.7f);
    return new Stage(
        "latents",
        graph,
        compile(Component.UNET, graph),
        repeated("sample", images),
        repeated("sample", 2 * images),
        open.push(device.floats(scales, images, 1, 1, 1)),
        open.push(device.floats(rescales, images, 1, 1, 1)),
        open.push(device.floats(new float[] {1.01f, -0.02f, 0}, 3)));
  }

  private Stage vae(int images) {
    long[] shape = shape("latents");
    VaeConfig config = VaeConfig.read(folder.configFile(Component.VAE));
    Graph graph =
        target.apply(
            new AutoencoderKlDecoder(config).record(dtype, images * shape[0], shape[2], shape[3]));
    float[] scaled = inputs.floats("latents");
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] *= (float) config.scalingFactor();
    }
    DeviceTensor latents = repeated(scaled, shape, images);
    return new Stage("image", graph, compile(Component.VAE, graph), latents);
  }

  private DeviceTensor repeated(String name, int times) {
    return repeated(inputs.floats(name), shape(name), times);
  }

  private DeviceTensor repeated(float[] values, long[] shape, int times) {
    float[] all = new float[values.length * times];
    for (int i = 0; i < times; i++) {
      System.arraycopy(values, 0, all, i * values.length, values.length);
    }
    long[] sizes = shape.clone();
    sizes[0] *= times;
    return open.push(device.floats(all, sizes));
  }

  private long[] shape(String name) {
    return inputs.shape(name).sizes();
  }

  /** Weights are laid out for the first graph that asks for them, one image's. */
  private CompiledGraph compile(Component component, Graph graph) {
    WeightDictionary loaded =
        weights.computeIfAbsent(
            component,
            any ->
                open.push(
                    WeightDictionary.load(
                        device,
                        folder.weights(component, graph.weights()),
                        dtype,
                        Packing.of(graph))));
    return open.push(CompiledGraph.compile(graph, loaded));
  }

  @Override
  public void close() {
    open.close();
  }
}
