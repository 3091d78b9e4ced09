package io.sparkdiffusion.bench;

import io.sparkdiffusion.family.Component;
import io.sparkdiffusion.family.ControlNetNetwork;
import io.sparkdiffusion.family.ImageEncoderNetwork;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.family.Networks;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.graph.Tensor;
import io.sparkdiffusion.graph.WeightSource;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.pipeline.BatchShape;
import io.sparkdiffusion.pipeline.GuidedStep;
import io.sparkdiffusion.text.ClipTextModel;
import io.sparkdiffusion.torch.CompiledGraph;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.torch.WeightDictionary;
import io.sparkdiffusion.unet.ControlNet;
import io.sparkdiffusion.unet.Unet2dConditionModel;
import io.sparkdiffusion.util.ResourceStack;
import io.sparkdiffusion.vae.AutoencoderKlDecoder;
import io.sparkdiffusion.vae.AutoencoderKlEncoder;
import io.sparkdiffusion.vae.DiagonalGaussian;
import io.sparkdiffusion.weights.TensorFile;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The stages of a pipeline as calls of their own. Weights are read for the first that needs them,
 * and laid out as the pipeline does.
 */
final class Stages implements AutoCloseable {

  /** What can be asked for; {@code control} is a ControlNet's call and the UNet's after it. */
  static final List<String> NAMES =
      List.of("text", "unet", "control", "guidance", "encoder", "vae");

  private final ResourceStack open = new ResourceStack();
  private final ModelFolder folder;
  private final Networks networks;
  private final TensorFile inputs;
  private final Dtype dtype;
  private final TorchDevice device;
  private final Target target;
  private final Map<String, WeightDictionary> weights = new HashMap<>();

  /** What runs networks with its inputs, and what its result is called. */
  record Stage(String result, Shape shape, Call call) {}

  /** Gives a result that the caller closes. */
  interface Call {
    DeviceTensor run();
  }

  /** How a UNet, or a ControlNet, is recorded. */
  private interface Recording {
    Graph of(Dtype dtype, long batch, long rows, long height, long width, long tokens);
  }

  /**
   * Opens the device; of the model only the configurations and the headers of the weights are read.
   *
   * @param inputs {@code ids} (1, S) int64, {@code sample} (1, C, h, w), {@code timestep} (1),
   *     {@code states} (2, S, D), {@code latents} (1, C, h, w), {@code pixels} (1, 3, H, W), {@code
   *     noise} (1, C, h, w), {@code condition} (1, 3, H, W) and its {@code scale} (1, 1) float32,
   *     of which each stage reads its own
   */
  Stages(ModelFolder folder, TensorFile inputs, Dtype dtype, String device) {
    this.folder = folder;
    this.networks = Networks.check(folder);
    this.inputs = inputs;
    this.dtype = dtype;
    this.device = open.push(TorchDevice.open(device));
    this.target = this.device.target(dtype);
  }

  /**
   * One that is ready to run.
   *
   * @param question one of {@link #NAMES}; with {@code :N} for N images at a time
   */
  Stage of(String question) {
    String[] parts = question.split(":", 2);
    int images = parts.length == 1 ? 1 : Integer.parseInt(parts[1]);
    return switch (parts[0]) {
      case "text" -> text();
      case "unet" -> unet(images);
      case "control" -> control(images);
      case "guidance" -> guidance(images);
      case "encoder" -> encoder(images);
      case "vae" -> vae(images);
      default ->
          throw new IllegalArgumentException(
              "Cannot run a stage: it must be one of %s (%s)"
                  .formatted(String.join(", ", NAMES), question));
    };
  }

  private Stage text() {
    Graph graph = target.apply(new ClipTextModel(networks.text()).record());
    DeviceTensor ids = open.push(device.longs(inputs.longs("ids"), shape("ids")));
    return stage("states", graph, compile(graph, weights(Component.TEXT_ENCODER)), ids);
  }

  private Stage unet(int images) {
    Graph graph = recorded(new Unet2dConditionModel(networks.unet())::record, images);
    return stage(
        "noise",
        graph,
        compile(graph, weights(Component.UNET)),
        repeated("sample", images),
        repeated("timestep", 1),
        repeated("states", images));
  }

  /** A ControlNet, whose folder lies in the model's, and the UNet under what it says. */
  private Stage control(int images) {
    ControlNetNetwork network = ControlNetNetwork.open(folder.root().resolve("controlnet"));
    network.requireFit(networks);
    Graph graph = recorded(new Unet2dConditionModel(networks.unet())::recordControlled, images);
    CompiledGraph unet = compile(graph, weights(Component.UNET));
    CompiledGraph control =
        compile(
            recorded(new ControlNet(network.config())::record, images),
            weights("controlnet", network.weights(), () -> network.usual(networks, dtype)));
    DeviceTensor latents = repeated("sample", images);
    DeviceTensor timestep = repeated("timestep", 1);
    DeviceTensor states = repeated("states", images);
    DeviceTensor condition = repeated("condition", images);
    DeviceTensor scale = repeated("scale", images);
    return new Stage(
        "controlled",
        graph.resultShape(),
        () -> {
          try (DeviceTensor said = control.run(latents, timestep, states, condition, scale)) {
            return unet.run(latents, timestep, states, said);
          }
        });
  }

  /** A network's call for latents that meet two texts each. */
  private Graph recorded(Recording network, int images) {
    long[] sample = shape("sample");
    return target.apply(
        network.of(dtype, images, 2L * images, sample[2], sample[3], shape("states")[1]));
  }

  private Stage guidance(int images) {
    long[] sample = shape("sample");
    Graph graph =
        GuidedStep.record(new BatchShape(images, sample[1], sample[2], sample[3], true, false));
    return stage(
        "step",
        graph,
        open.push(CompiledGraph.compile(graph, device)),
        repeated("sample", images),
        repeated("sample", 2 * images),
        open.push(device.floats(filled(7.5f, images), images, 1, 1, 1)),
        open.push(device.floats(filled(0.7f, images), images, 1, 1, 1)),
        open.push(device.floats(new float[] {1.01f, -0.02f, 0}, 3)));
  }

  /** From an image to a sample of its latents, as the pipeline takes it. */
  private Stage encoder(int images) {
    ImageEncoderNetwork network = ImageEncoderNetwork.check(folder);
    Graph graph = new Graph("the VAE encoder");
    Tensor pixels = graph.input(repeatedShape("pixels", images));
    Tensor noise = graph.input(repeatedShape("noise", images));
    Tensor moments =
        new AutoencoderKlEncoder(network.config()).encode(graph.scope(), pixels, dtype);
    Tensor latents = DiagonalGaussian.of(moments).sample(noise);
    Graph applied = target.apply(graph.returns(latents.times(networks.vae().scalingFactor())));
    WeightDictionary loaded =
        weights("encoder", network.weights(), () -> network.usual(networks, dtype));
    return stage(
        "encoded",
        applied,
        compile(applied, loaded),
        repeated("pixels", images),
        repeated("noise", images));
  }

  private Stage vae(int images) {
    long[] shape = shape("latents");
    Graph graph =
        target.apply(
            new AutoencoderKlDecoder(networks.vae())
                .record(dtype, images * shape[0], shape[2], shape[3]));
    float[] scaled = inputs.floats("latents");
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] *= (float) networks.vae().scalingFactor();
    }
    return stage(
        "image",
        graph,
        compile(graph, weights(Component.VAE)),
        repeated(scaled, "latents", images));
  }

  private static Stage stage(
      String result, Graph graph, CompiledGraph compiled, DeviceTensor... inputs) {
    return new Stage(result, graph.resultShape(), () -> compiled.run(inputs));
  }

  private static float[] filled(float value, int count) {
    float[] values = new float[count];
    Arrays.fill(values, value);
    return values;
  }

  private DeviceTensor repeated(String name, int times) {
    return repeated(inputs.floats(name), name, times);
  }

  private DeviceTensor repeated(float[] values, String name, int times) {
    float[] all = new float[values.length * times];
    for (int i = 0; i < times; i++) {
      System.arraycopy(values, 0, all, i * values.length, values.length);
    }
    return open.push(device.floats(all, repeatedShape(name, times)));
  }

  private long[] repeatedShape(String name, int times) {
    long[] sizes = shape(name).clone();
    sizes[0] *= times;
    return sizes;
  }

  private long[] shape(String name) {
    return inputs.shape(name).sizes();
  }

  private CompiledGraph compile(Graph graph, WeightDictionary loaded) {
    return open.push(CompiledGraph.compile(graph, loaded));
  }

  private WeightDictionary weights(Component component) {
    return weights(
        component.folder(), networks.weights(component), () -> networks.usual(component, dtype));
  }

  /** Weights laid out for one image's usual graph. */
  private WeightDictionary weights(String network, WeightSource source, Supplier<Graph> usual) {
    return weights.computeIfAbsent(
        network,
        any -> open.push(WeightDictionary.load(device, source, dtype, target.packings(usual))));
  }

  @Override
  public void close() {
    open.close();
  }
}
