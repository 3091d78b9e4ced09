package io.sparkdiffusion.bench;

import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.weights.TensorFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Runs text encoding, the UNet with a ControlNet or without, guidance with the scheduler's step, or
 * the VAE's encoder or decoder on given inputs, one call whenever it is asked, so that {@code
 * tools/bench} can let it take turns with diffusers on the same inputs.
 */
final class StageBench implements AutoCloseable {

  private final Stages stages;
  private final Map<String, Stages.Stage> known = new LinkedHashMap<>();
  private final Map<String, float[]> results = new LinkedHashMap<>();

  /**
   * Opens the device; weights are read for the first call that needs them.
   *
   * @param inputs as {@link Stages} has them
   */
  StageBench(ModelFolder folder, TensorFile inputs, Dtype dtype, String device) {
    this.stages = new Stages(folder, inputs, dtype, device);
  }

  /**
   * One call, to its end: a GPU, which takes its work and says so at once, is waited for by the
   * copy of the result to the host, which is in the time.
   *
   * @param question one of {@link Stages#NAMES}; with {@code :N} for N images at a time
   * @return seconds
   */
  double seconds(String question) {
    Stages.Stage stage = known.computeIfAbsent(question, stages::of);
    long begin = System.nanoTime();
    try (DeviceTensor output = stage.call().run()) {
      results.put(question, output.toFloats());
      return (System.nanoTime() - begin) / 1e9;
    }
  }

  /** Writes the last result of each stage that ran for one image, float32. */
  void write(Path output) throws IOException {
    TensorFile.Writer outputs = new TensorFile.Writer();
    for (String name : Stages.NAMES) {
      float[] result = results.get(name);
      if (result != null) {
        Stages.Stage stage = Objects.requireNonNull(known.get(name), name);
        outputs.add(stage.result(), result, stage.shape());
      }
    }
    outputs.write(output);
  }

  @Override
  public void close() {
    stages.close();
  }
}
