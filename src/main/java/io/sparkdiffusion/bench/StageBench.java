package io.sparkdiffusion.bench;

import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.graph.CompiledGraph;
import io.sparkdiffusion.graph.DeviceTensor;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
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
  private double loadSeconds;

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
        TorchDevice device = TorchDevice.open("cpu")) {
      text(device);
      unet(device);
      vae(device);
      report.put("load_seconds", loadSeconds);
      report.put("peak_rss_anon_bytes", memory.peakBytes());
      report.put("libtorch", TorchEngine.version());
      report.put("threads", TorchEngine.threads());
    }
    Files.createDirectories(output);
    outputs.write(output.resolve("outputs.safetensors"));
    return StrictJson.canonical(report);
  }

  private void text(TorchDevice device) {
    Graph graph =
        new ClipTextModel(TextConfig.read(folder.configFile(Component.TEXT_ENCODER))).record(dtype);
    try (DeviceTensor ids = device.longs(inputs.longs("ids"), inputs.shape("ids").sizes())) {
      stage(device, Component.TEXT_ENCODER, graph, "text", "states", ids);
    }
  }

  private void unet(TorchDevice device) {
    long[] sample = inputs.shape("sample").sizes();
    long[] states = inputs.shape("states").sizes();
    Graph graph =
        new Unet2dConditionModel(UnetConfig.read(folder.configFile(Component.UNET)))
            .record(dtype, sample[0], sample[2], sample[3], states[1]);
    try (DeviceTensor latents = device.floats(inputs.floats("sample"), sample);
        DeviceTensor timestep = device.floats(inputs.floats("timestep"), 1);
        DeviceTensor text = device.floats(inputs.floats("states"), states)) {
      stage(device, Component.UNET, graph, "unet", "noise", latents, timestep, text);
    }
  }

  private void vae(TorchDevice device) {
    long[] latents = inputs.shape("latents").sizes();
    VaeConfig config = VaeConfig.read(folder.configFile(Component.VAE));
    Graph graph =
        new AutoencoderKlDecoder(config).record(dtype, latents[0], latents[2], latents[3]);
    float[] scaled = inputs.floats("latents");
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] *= (float) config.scalingFactor();
    }
    try (DeviceTensor input = device.floats(scaled, latents)) {
      stage(device, Component.VAE, graph, "vae", "image", input);
    }
  }

  private void stage(
      TorchDevice device,
      Component component,
      Graph graph,
      String name,
      String result,
      DeviceTensor... stageInputs) {
    long start = System.nanoTime();
    try (WeightDictionary weights =
            NetworkWeights.check(folder.root(), component, graph.weights()).load(device, dtype);
        CompiledGraph compiled = CompiledGraph.compile(graph, weights)) {
      loadSeconds += seconds(start);
      List<Double> times = new ArrayList<>();
      for (int i = 0; i <= repeats; i++) {
        long begin = System.nanoTime();
        try (DeviceTensor output = compiled.run(stageInputs)) {
          float[] values = output.toFloats();
          if (i == 0) {
            outputs.add(result, values, graph.resultShape());
          } else {
            times.add(seconds(begin));
          }
        }
      }
      report.put(name, Map.of("seconds", times));
    }
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
