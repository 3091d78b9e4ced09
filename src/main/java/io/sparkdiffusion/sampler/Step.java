package io.sparkdiffusion.sampler;

import java.util.List;

/**
 * One call of the UNet and what follows from it. Every sampler is linear in its tensors, so that
 * numbers say all: {@code next state i = sum over j of matrix[i][j] * state j + matrix[i][S] *
 * output + matrix[i][S + 1] * noise} for S states, of which state 0 is the latents and the others
 * are history, the UNet's guided output, whatever it predicts, and fresh standard normal noise.
 *
 * @param timestep that the UNet is told; not always whole
 * @param inputScale what the latents are multiplied with before the UNet sees them
 * @param matrix S rows of S + 2 factors
 */
public record Step(double timestep, double inputScale, List<List<Double>> matrix) {

  /** Keeps the factors. */
  public Step {
    matrix = matrix.stream().map(List::copyOf).toList();
  }

  /** How many states there are. */
  public int states() {
    return matrix.size();
  }

  /** Whether fresh noise is drawn for this step. */
  public boolean drawsNoise() {
    return matrix.stream().anyMatch(row -> row.get(row.size() - 1) != 0);
  }
}
