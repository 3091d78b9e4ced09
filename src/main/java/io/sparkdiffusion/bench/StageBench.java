package io.sparkdiffusion.bench;

import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.graph.CompiledGraph;
import io.sparkdiffusion.graph.DeviceTensor;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.ResourceStack;
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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Times one text encoding, one UNet call and one VAE decode on given inputs and writes their
 * results, to be compared with diffusers on the same ({@code tools/reference/full_size.py}).
 */
public final class StageBench {

  private final ModelFolder folder;
  private final TensorFile inputs;
  private final Dtype dtype;
  private final int repeats;
  private final Map<String, Object> report = new LinkedHashMap<>();
  private final TensorFile.Writer outputs = new TensorFile.Writer();

  /** A network with its weights, ready to run on its inputs. */
  private record Stage(
      String name, String result, Graph graph, CompiledGraph compiled, DeviceTensor... inputs) {}

  /**
   * A bench.
   *
   * @param inputs {@code ids} (1, S) int64, {@code sample} (B, C, h, w), {@code timestep} (1),
   *     {@code states} (B, S, D) and {@code latents} (1, C, h, w) float32
   * @param repeats timed calls of each stage, after one that is not timed
   */
  public StageBench(ModelFolder folder, TensorFile inputs, Dtype dtype, int repeats) {
    this.folder = folder;
    this.inputs = inputs;
    this.dtype = dtype;
    this.repeats = repeats;
  }

  /**
   * Runs all stages.
   *
   * @param output where {@code outputs.safetensors} goes
   * @return one line of JSON: seconds of each stage, of loading, and the peak of RssAnon
   */
  public String run(Path output) throws IOException {
    try (PeakMemory memory = new PeakMemory();
        ResourceStack open = new ResourceStack()) {
      long start = System.nanoTime();
      TorchDevice device = open.push(TorchDevice.open("cpu"));
      List<Stage> stages = List.of(text(device, open), unet(device, open), vae(device, open));
      report.put("load_seconds", seconds(start));
      stages.forEach(this::time);
      report.put("peak_rss_anon_bytes", memory.peakBytes());
      report.put("libtorch", TorchEngine.version());
      report.put("threads", TorchEngine.threads());
    }
    Files.createDirectories(output);
    outputs.write(output.resolve("outputs.safetensors"));
    return StrictJson.canonical(report);
  }

  private Stage text(TorchDevice device, ResourceStack open) {
    Graph graph =
        new ClipTextModel(TextConfig.read(folder.configFile(Component.TEXT_ENCODER)))
            .record(device.target(dtype));
    DeviceTensor ids = open.push(device.longs(inputs.longs("ids"), shape("ids")));
    CompiledGraph compiled = compile(device, open, Component.TEXT_ENCODER, graph);
    return new Stage("text", "states", graph, compiled, ids);
  }

  private Stage unet(TorchDevice device, ResourceStack open) {
    long[] sample = shape("sample");
    Graph graph =
        new Unet2dConditionModel(UnetConfig.read(folder.configFile(Component.UNET)))
            .record(device.target(dtype), sample[0], sample[2], sample[3], shape("states")[1]);
    DeviceTensor latents = open.push(device.floats(inputs.floats("sample"), sample));
    DeviceTensor timestep = open.push(device.floats(inputs.floats("timestep"), 1));
    DeviceTensor states = open.push(device.floats(inputs.floats("states"), shape("states")));
    CompiledGraph compiled = compile(device, open, Component.UNET, graph);
    return new Stage("unet", "noise", graph, compiled, latents, timestep, states);
  }

  private Stage vae(TorchDevice device, ResourceStack open) {
    long[] shape = shape("latents");
    VaeConfig config = VaeConfig.read(folder.configFile(Component.VAE));
    Graph graph =
        new AutoencoderKlDecoder(config).record(device.target(dtype), shape[0], shape[2], shape[3]);
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
            NetworkWeights.check(folder.root(), component, graph.weights())
                .load(device, dtype, graph.packings()));
    return open.push(CompiledGraph.compile(graph, weights));
  }

  /** Runs a stage once for its result, then for its times. */
  private void time(Stage stage) {
    try (DeviceTensor output = stage.compiled().run(stage.inputs())) {
      outputs.add(stage.result(), output.toFloats(), stage.graph().resultShape());
    }
    List<Double> times = new ArrayList<>();
    for (int i = 0; i < repeats; i++) {
      long begin = System.nanoTime();
      try (DeviceTensor output = stage.compiled().run(stage.inputs())) {
        output.toFloats();
        times.add(seconds(begin));
      }
    }
    report.put(stage.name(), Map.of("seconds", times));
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  /** {@code MODEL_FOLDER INPUTS OUT_FOLDER [dtype=float32] [repeats=3]}; prints the report. */
  public static void main(String[] arguments) throws IOException {
    String dtype = "float32";
    int repeats = 3;
    for (int i = 3; i < arguments.length; i++) {
      if (arguments[i].startsWith("dtype=")) {
        dtype = arguments[i].substring(6);
      } else if (arguments[i].startsWith("repeats=")) {
        repeats = Integer.parseInt(arguments[i].substring(8));
      } else {
        throw new IllegalArgumentException(
            "Cannot run the bench: only dtype= and repeats= are known (" + arguments[i] + ")");
      }
    }
    StageBench bench =
        new StageBench(
            ModelFolder.open(Path.of(arguments[0])),
            TensorFile.read(Path.of(arguments[1])),
            Dtype.ofCompute(dtype),
            repeats);
    System.out.println(bench.run(Path.of(arguments[2])));
  }
}
