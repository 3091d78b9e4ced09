package io.sparkdiffusion.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.graph.CompiledGraph;
import io.sparkdiffusion.graph.DeviceTensor;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.ResourceStack;
import io.sparkdiffusion.graph.Target;
import io.sparkdiffusion.graph.TorchDevice;
import io.sparkdiffusion.graph.TorchEngine;
import io.sparkdiffusion.graph.WeightDictionary;
import io.sparkdiffusion.text.ClipTextModel;
import io.sparkdiffusion.text.TextConfig;
import io.sparkdiffusion.unet.Unet2dConditionModel;
import io.sparkdiffusion.unet.UnetConfig;
import io.sparkdiffusion.vae.AutoencoderKlDecoder;
import io.sparkdiffusion.vae.VaeConfig;
import io.sparkdiffusion.weights.Component;
import io.sparkdiffusion.weights.ModelFolder;
import io.sparkdiffusion.weights.NetworkWeights;
import io.sparkdiffusion.weights.TensorFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Runs text encoding, UNet and VAE decoding on given inputs, one call whenever it is asked, so that
 * {@code tools/reference/full_size.py} can let it take turns with diffusers on the same inputs.
 */
public final class StageBench {

  private final ModelFolder folder;
  private final TensorFile inputs;
  private final Dtype dtype;
  private final Map<String, float[]> results = new LinkedHashMap<>();

  /** A network with its weights, ready to run on its inputs. */
  private record Stage(
      String name, String result, Graph graph, CompiledGraph compiled, DeviceTensor... inputs) {}

  /**
   * A bench.
   *
   * @param inputs {@code ids} (1, S) int64, {@code sample} (B, C, h, w), {@code timestep} (1),
   *     {@code states} (B, S, D) and {@code latents} (1, C, h, w) float32
   */
  public StageBench(ModelFolder folder, TensorFile inputs, Dtype dtype) {
    this.folder = folder;
    this.inputs = inputs;
    this.dtype = dtype;
  }

  /**
   * Loads the model, then answers each line that names a stage by one call of it.
   *
   * @param questions {@code text}, {@code unet} or {@code vae} in each line
   * @param answers one line of JSON when the model is ready, then one number of seconds for each
   *     question
   * @param output the file that takes the last result of each stage at the end
   */
  public void serve(BufferedReader questions, PrintStream answers, Path output) throws IOException {
    try (ResourceStack open = new ResourceStack()) {
      long start = System.nanoTime();
      TorchDevice device = open.push(TorchDevice.open("cpu"));
      Map<String, Stage> stages = new LinkedHashMap<>();
      Target target = device.target(dtype);
      for (Stage stage :
          List.of(
              text(device, target, open), unet(device, target, open), vae(device, target, open))) {
        stages.put(stage.name(), stage);
      }
      answers.println(ready(seconds(start)));
      String name;
      while ((name = questions.readLine()) != null) {
        answers.println(run(Objects.requireNonNull(stages.get(name), name)));
      }
      write(stages.values(), output);
    }
  }

  private static String ready(double loadSeconds) {
    return StrictJson.canonical(
        Map.of(
            "load_seconds", loadSeconds,
            "torch", TorchEngine.version(),
            "threads", TorchEngine.threads()));
  }

  private double run(Stage stage) {
    long begin = System.nanoTime();
    try (DeviceTensor output = stage.compiled().run(stage.inputs())) {
      results.put(stage.name(), output.toFloats());
      return seconds(begin);
    }
  }

  private void write(Iterable<Stage> stages, Path output) throws IOException {
    TensorFile.Writer outputs = new TensorFile.Writer();
    for (Stage stage : stages) {
      float[] result = results.get(stage.name());
      if (result != null) {
        outputs.add(stage.result(), result, stage.graph().resultShape());
      }
    }
    outputs.write(output);
  }

  private Stage text(TorchDevice device, Target target, ResourceStack open) {
    Graph graph =
        new ClipTextModel(TextConfig.read(folder.configFile(Component.TEXT_ENCODER)))
            .record(target);
    DeviceTensor ids = open.push(device.longs(inputs.longs("ids"), shape("ids")));
    CompiledGraph compiled = compile(device, open, Component.TEXT_ENCODER, graph);
    return new Stage("text", "states", graph, compiled, ids);
  }

  private Stage unet(TorchDevice device, Target target, ResourceStack open) {
    long[] sample = shape("sample");
    Graph graph =
        new Unet2dConditionModel(UnetConfig.read(folder.configFile(Component.UNET)))
            .record(target, sample[0], sample[2], sample[3], shape("states")[1]);
    DeviceTensor latents = open.push(device.floats(inputs.floats("sample"), sample));
    DeviceTensor timestep = open.push(device.floats(inputs.floats("timestep"), 1));
    DeviceTensor states = open.push(device.floats(inputs.floats("states"), shape("states")));
    CompiledGraph compiled = compile(device, open, Component.UNET, graph);
    return new Stage("unet", "noise", graph, compiled, latents, timestep, states);
  }

  private Stage vae(TorchDevice device, Target target, ResourceStack open) {
    long[] shape = shape("latents");
    VaeConfig config = VaeConfig.read(folder.configFile(Component.VAE));
    Graph graph = new AutoencoderKlDecoder(config).record(target, shape[0], shape[2], shape[3]);
    float[] scaled = inputs.floats("latents");
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] *= (float) config.scalingFactor();
    }
    DeviceTensor latents = open.push(device.floats(scaled, shape));
    return new Stage("vae", "image", graph, compile(device, open, Component.VAE, graph), latents);
  }

  private long[] shape(String name) {
    return inputs.shape(name).sizes();
  }

  private CompiledGraph compile(
      TorchDevice device, ResourceStack open, Component component, Graph graph) {
    WeightDictionary weights =
        open.push(
            NetworkWeights.check(folder, component, graph.weights())
                .load(device, dtype, graph.packings()));
    return open.push(CompiledGraph.compile(graph, weights));
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  /** {@code MODEL_FOLDER INPUTS OUTPUT DTYPE}, then stages on the standard input. */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 4) {
      throw new IllegalArgumentException(
          "Cannot run the bench: it takes MODEL_FOLDER INPUTS OUTPUT DTYPE (%d arguments)"
              .formatted(arguments.length));
    }
    StageBench bench =
        new StageBench(
            ModelFolder.open(Path.of(arguments[0])),
            TensorFile.read(Path.of(arguments[1])),
            Dtype.ofCompute(arguments[3]));
    bench.serve(
        new BufferedReader(new InputStreamReader(System.in, UTF_8)),
        System.out,
        Path.of(arguments[2]));
  }
}
