package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * What happens between two calls of the UNet, in float32: classifier-free guidance (arXiv
 * 2207.12598), its rescaling (arXiv 2305.08891, section 3.4) and the sampler's step as a linear
 * combination. The one place where the schedule meets tensors.
 */
public final class GuidedStep {

  private final int states;
  private final List<Tensor> summands = new ArrayList<>();
  private final Tensor factors;

  private GuidedStep(int states, Tensor factors) {
    this.states = states;
    this.factors = factors;
  }

  /** The step of a sampler that carries on the latents alone. */
  public static Graph record(BatchShape shape) {
    return record(shape, 1);
  }

  /**
   * Records the step. Inputs: states (S B, C, H, W), of which the first B are the latents;
   * prediction (R, C, H, W); guidance scale and rescale (B, 1, 1, 1); the factors (S (S + 2)) of a
   * {@link io.sparkdiffusion.sampler.Step}, row by row; with noise also (B, C, H, W). Result: the
   * next states (S B, C, H, W). R is 2 B, the unconditional half first, or B where there is no
   * guidance.
   *
   * @param states S
   */
  public static Graph record(BatchShape shape, int states) {
    Graph graph = new Graph("the guided step");
    long batch = shape.batch();
    long channels = shape.channels();
    Tensor all = graph.input(states * batch, channels, shape.height(), shape.width());
    Tensor prediction = graph.input(shape.rows(), channels, shape.height(), shape.width());
    Tensor scale = graph.input(batch, 1, 1, 1);
    Tensor rescale = graph.input(batch, 1, 1, 1);
    GuidedStep step = new GuidedStep(states, graph.input(states * (states + 2L)));
    for (int state = 0; state < states; state++) {
      step.summands.add(states == 1 ? all : all.narrow(0, state * batch, batch));
    }
    step.summands.add(shape.guided() ? guide(prediction, scale, rescale) : prediction);
    if (shape.noisy()) {
      step.summands.add(graph.input(batch, channels, shape.height(), shape.width()));
    }
    return graph.returns(step.next());
  }

  private Tensor next() {
    Tensor[] rows = new Tensor[states];
    for (int row = 0; row < states; row++) {
      rows[row] = summand(row, 0);
      for (int column = 1; column < summands.size(); column++) {
        rows[row] = rows[row].plus(summand(row, column));
      }
    }
    return states == 1 ? rows[0] : Tensor.cat(0, rows);
  }

  private Tensor summand(int row, int column) {
    return summands.get(column).times(factors.narrow(0, row * (states + 2L) + column, 1));
  }

  /** u + s (t - u), then r · std(t) / std(cfg) · cfg + (1 - r) cfg. */
  private static Tensor guide(Tensor prediction, Tensor scale, Tensor rescale) {
    long batch = scale.size(0);
    Tensor unconditional = prediction.narrow(0, 0, batch);
    Tensor text = prediction.narrow(0, batch, batch);
    Tensor guided = unconditional.plus(text.minus(unconditional).times(scale));
    Tensor ratio = text.standardDeviation().dividedBy(guided.standardDeviation());
    Tensor rest = rescale.times(-1).plus(1);
    return guided.times(ratio).times(rescale).plus(guided.times(rest));
  }
}
