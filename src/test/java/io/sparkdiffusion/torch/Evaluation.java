package io.sparkdiffusion.torch;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.util.ResourceStack;

/** Runs small graphs without weights. */
public final class Evaluation {

  private Evaluation() {}

  /** The result for one value array for each input, whose shapes the graph knows. */
  public static float[] of(Graph graph, float[]... inputs) {
    try (TorchDevice device = TorchDevice.open("cpu");
        WeightDictionary weights = new WeightDictionary(device);
        ResourceStack open = new ResourceStack();
        CompiledGraph compiled = CompiledGraph.compile(graph, weights)) {
      DeviceTensor[] tensors = new DeviceTensor[inputs.length];
      for (int i = 0; i < inputs.length; i++) {
        tensors[i] = open.push(device.floats(inputs[i], graph.inputs().get(i).sizes()));
      }
      try (DeviceTensor output = compiled.run(tensors)) {
        return output.toFloats();
      }
    }
  }
}
