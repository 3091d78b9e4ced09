package io.sparkdiffusion.sampler;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Pseudo numerical methods for diffusion models (arXiv 2202.09778): a linear multistep method
 * (PLMS) that begins with Runge and Kutta's (PRK), or with a second call at its first timestep.
 */
final class Pndm {

  private static final int PRK_STEPS = 3;
  private static final int PRK_CALLS = 4 * PRK_STEPS;

  private final Run run;
  private final NoiseSchedule noise;
  private final int stride;
  private final double finalAlpha;
  private final List<Step> steps = new ArrayList<>();

  private Pndm(Run run) {
    this.run = run;
    this.noise = run.noise();
    this.stride = noise.trainTimesteps() / run.steps();
    this.finalAlpha = run.config().get(Options.SET_ALPHA_TO_ONE) ? 1 : noise.alpha(0);
  }

  static Schedule schedule(Run run) {
    Pndm pndm = new Pndm(run);
    int[] timesteps = run.wholeTimesteps();
    int[] calls = timesteps;
    if (run.config().get(Options.SKIP_PRK_STEPS)) {
      calls = calls(timesteps, run.begin());
      pndm.begin(calls);
      pndm.multistep(Arrays.copyOfRange(calls, Math.min(2, calls.length), calls.length), 1);
    } else {
      run.require(
          run.begin() == 0,
          "Cannot use strength: pndm with skip_prk_steps false begins with all steps (%s of %s)",
          run.steps() - run.begin(),
          run.steps());
      run.require(
          run.steps() > PRK_STEPS,
          "Cannot use num_inference_steps: pndm with skip_prk_steps false needs %s or more (%s)",
          PRK_STEPS + 1,
          run.steps());
      pndm.rungeKutta(timesteps);
      pndm.multistep(Arrays.copyOfRange(timesteps, PRK_STEPS, timesteps.length), PRK_STEPS);
    }
    return run.schedule(pndm.steps);
  }

  /**
   * The timestep of each call: the second one is called at twice. As in diffusers, a run from an
   * image leaves out so many calls, whichever.
   */
  private static int[] calls(int[] timesteps, int leftOut) {
    List<Integer> calls = new ArrayList<>(Arrays.stream(timesteps).boxed().toList());
    if (timesteps.length > 1) {
      calls.add(1, timesteps[1]);
    }
    return calls.stream().skip(leftOut).mapToInt(Integer::intValue).toArray();
  }

  /**
   * States: latents, the last three outputs; the last one is first the latents of the beginning.
   */
  private void begin(int[] calls) {
    Operands now = new Operands(4);
    int first = calls[0];
    Combination output = now.output();
    Combination next = next(now.latents(), output, first, first - stride);
    steps.add(now.step(first, 1, next, output, now.zero(), now.latents()));
    if (calls.length > 1) {
      int second = calls[1];
      Combination mean = output.plus(now.state(1)).times(1.0 / 2);
      Combination again = next(now.state(3), mean, second + stride, second);
      steps.add(now.step(second, 1, again, now.state(1), now.zero(), now.zero()));
    }
  }

  /**
   * Formula 12 of the paper, with fewer outputs as long as there are fewer.
   *
   * @param before how many outputs there are
   */
  private void multistep(int[] timesteps, int before) {
    Operands now = new Operands(run.config().get(Options.SKIP_PRK_STEPS) ? 4 : 6);
    Combination m = now.output();
    Combination e1 = now.state(1);
    Combination e2 = now.state(2);
    Combination e3 = now.state(3);
    for (int i = 0; i < timesteps.length; i++) {
      Combination mean =
          switch (before + i) {
            case 1 -> m.times(3.0 / 2).minus(e1.times(1.0 / 2));
            case 2 -> m.times(23.0 / 12).minus(e1.times(16.0 / 12)).plus(e2.times(5.0 / 12));
            default ->
                m.times(55.0 / 24)
                    .minus(e1.times(59.0 / 24))
                    .plus(e2.times(37.0 / 24))
                    .minus(e3.times(9.0 / 24));
          };
      Combination next = next(now.latents(), mean, timesteps[i], timesteps[i] - stride);
      steps.add(now.step(timesteps[i], 1, next, m, e1, e2, now.zero(), now.zero()));
    }
  }

  /**
   * Three steps of four calls each. States: latents, the outputs at the beginnings of three steps,
   * the weighted sum of this step's outputs, the latents of its beginning.
   */
  private void rungeKutta(int[] timesteps) {
    Operands now = new Operands(6);
    int half = stride / 2;
    for (int i = 0; i < PRK_CALLS; i++) {
      int start = timesteps[i / 4];
      int call = i % 4;
      int end = timesteps[i / 4 + 1];
      int timestep = call == 0 ? start : call == 3 ? end : end + half;
      boolean first = call == 0;
      Combination m = now.output();
      Combination sum = first ? now.zero() : now.state(4);
      Combination begun = first ? now.latents() : now.state(5);
      Combination more = sum.plus(m.times(first || call == 3 ? 1.0 / 6 : 1.0 / 3));
      int previous = call % 2 == 0 ? timestep - half : timestep;
      Combination next = next(begun, call == 3 ? more : m, start, previous);
      Combination[] outputs =
          IntStream.rangeClosed(1, 3)
              .mapToObj(k -> !first ? now.state(k) : k == 1 ? m : now.state(k - 1))
              .toArray(Combination[]::new);
      steps.add(now.step(timestep, 1, next, outputs[0], outputs[1], outputs[2], more, begun));
    }
  }

  /** Formula 11: from a timestep to an earlier one. */
  private Combination next(Combination latents, Combination output, int timestep, int previous) {
    double alpha = noise.alpha(timestep);
    double previousAlpha = previous >= 0 ? noise.alpha(previous) : finalAlpha;
    Combination epsilon =
        run.config().predictionType().epsilon(noise.at(timestep), latents, output);
    double denominator =
        alpha * Math.sqrt(1 - previousAlpha) + Math.sqrt(alpha * (1 - alpha) * previousAlpha);
    return latents
        .times(Math.sqrt(previousAlpha / alpha))
        .minus(epsilon.times((previousAlpha - alpha) / denominator));
  }
}
