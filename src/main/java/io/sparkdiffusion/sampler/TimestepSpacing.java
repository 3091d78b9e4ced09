package io.sparkdiffusion.sampler;

import java.util.Arrays;
import java.util.stream.IntStream;

/** Which timesteps a few steps visit (arXiv 2305.08891, table 2), in diffusers' arithmetic. */
public enum TimestepSpacing {
  /** Whole strides from 0, plus the offset; the published SD2 models' choice. */
  LEADING,
  /** Even strides down from the last training timestep. */
  TRAILING,
  /** Both ends included. */
  LINSPACE;

  /**
   * The timesteps in the order of denoising.
   *
   * @param trainTimesteps how many timesteps the model was trained with
   * @param count how many steps are taken, 1 to trainTimesteps
   * @param offset added to each timestep, for leading spacing alone
   */
  int[] timesteps(int trainTimesteps, int count, int offset) {
    return switch (this) {
      case LEADING -> leading(trainTimesteps, count, offset);
      case TRAILING -> trailing(trainTimesteps, count);
      case LINSPACE -> linspace(trainTimesteps, count);
    };
  }

  /**
   * The same for samplers of k-diffusion's family, to which timesteps need not be whole: linspace
   * is not rounded but to float32.
   */
  double[] fractional(int trainTimesteps, int count, int offset) {
    return switch (this) {
      case LEADING, TRAILING ->
          Arrays.stream(timesteps(trainTimesteps, count, offset)).asDoubleStream().toArray();
      case LINSPACE -> even(trainTimesteps, count);
    };
  }

  /**
   * The same for samplers of DPM-Solver's family, which end between the last timestep and no noise:
   * those of one step more without the last of them, but for trailing spacing.
   */
  int[] inner(int trainTimesteps, int count, int offset) {
    return switch (this) {
      case LEADING -> Arrays.copyOf(leading(trainTimesteps, count + 1, offset), count);
      case TRAILING -> trailing(trainTimesteps, count);
      case LINSPACE -> Arrays.copyOf(linspace(trainTimesteps, count + 1), count);
    };
  }

  private static int[] leading(int trainTimesteps, int count, int offset) {
    int stride = trainTimesteps / count;
    return IntStream.range(0, count).map(i -> (count - 1 - i) * stride + offset).toArray();
  }

  /**
   * As numpy's arange, which takes its stride from the rounded second value. For some counts, 998
   * among them, it gives one value more, the timestep -1: only count values are kept.
   */
  private static int[] trailing(int trainTimesteps, int count) {
    double second = trainTimesteps - (double) trainTimesteps / count;
    double stride = second - trainTimesteps;
    return IntStream.range(0, count)
        .map(i -> (int) Math.rint(trainTimesteps + i * stride) - 1)
        .toArray();
  }

  private static int[] linspace(int trainTimesteps, int count) {
    return Arrays.stream(even(trainTimesteps, count)).mapToInt(t -> (int) Math.rint(t)).toArray();
  }

  private static double[] even(int trainTimesteps, int count) {
    int last = trainTimesteps - 1;
    double stride = count == 1 ? 0 : last / (double) (count - 1);
    double[] timesteps =
        IntStream.range(0, count).mapToDouble(i -> (count - 1 - i) * stride).toArray();
    if (count > 1) {
      timesteps[0] = last;
    }
    return timesteps;
  }
}
