package io.sparkdiffusion.unet;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Scope;
import io.sparkdiffusion.graph.Tensor;

/** What a network makes of a timestep and a class (diffusers, embeddings.py). */
final class TimeEmbedding {

  private TimeEmbedding() {}

  /** A timestep (1) to its embedding (1, 4 C). */
  static Tensor of(UnetConfig config, Scope scope, Tensor timestep, Dtype dtype) {
    long width = 4 * config.widths().get(0);
    Tensor projection = projection(config, timestep).to(dtype);
    Scope embedding = scope.sub("time_embedding");
    return embedding.linear(
        "linear_2", embedding.linear("linear_1", projection, width).silu(), width);
  }

  /**
   * The same of a timestep and a class: {@code emb = emb + self.class_embedding(class_labels)}.
   *
   * @param label (1) int64
   */
  static Tensor of(UnetConfig config, Scope scope, Tensor timestep, Tensor label, Dtype dtype) {
    long width = 4 * config.widths().get(0);
    Tensor table = scope.sub("class_embedding").weight("weight", config.classes(), width);
    return of(config, scope, timestep, dtype).plus(table.embedding(label));
  }

  /** Sines and cosines of the timestep (arXiv 1706.03762, section 3.5): (1, C) float32. */
  private static Tensor projection(UnetConfig config, Tensor timestep) {
    long half = config.widths().get(0) / 2;
    Tensor frequencies =
        Tensor.arange(timestep, half)
            .times(-Math.log(10000))
            .dividedBy(half - config.frequencyShift())
            .exp();
    Tensor angles = timestep.times(frequencies).reshape(1, half);
    return config.cosineFirst()
        ? Tensor.cat(1, angles.cos(), angles.sin())
        : Tensor.cat(1, angles.sin(), angles.cos());
  }
}
