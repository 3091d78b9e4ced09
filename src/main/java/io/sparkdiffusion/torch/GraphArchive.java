package io.sparkdiffusion.torch;

import io.sparkdiffusion.graph.Graph;

/**
 * Recorded graphs as archives that any PyTorch loads with {@code torch.jit.load}: how {@code
 * tools/gpu} runs them on a machine without Java. {@code load} takes the weights, {@code forward}
 * the inputs.
 */
public final class GraphArchive {

  private GraphArchive() {}

  /** The archive of a pass, whose weights are given to it. */
  public static byte[] of(Graph graph) {
    return ScriptArchive.of(TorchScript.of(graph));
  }

  /** The archive of what converts weights and keeps them. */
  public static byte[] ofWeights() {
    return ScriptArchive.of(WeightScript.TEXT);
  }
}
