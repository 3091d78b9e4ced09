package io.sparkdiffusion.sampler;

import java.util.ArrayList;
import java.util.List;

/**
 * The unified predictor-corrector (arXiv 2302.04867), which predicts the original sample. The
 * UNet's output corrects the latents that it was asked about before it predicts the next ones.
 * States: latents, the corrected ones before them, the converted outputs of earlier steps.
 */
final class UniPc {

  private final Run run;
  private final SigmaSchedule sigmas;
  private final int mostOrder;
  private final Operands now;

  private UniPc(Run run) {
    this.run = run;
    this.sigmas =
        SigmaSchedule.ofDpmSolver(
            run, run.config().get(Options.FINAL_SIGMAS_TYPE), SigmaSchedule.Smallest.LAST);
    this.mostOrder = run.config().get(Options.SOLVER_ORDER);
    this.now = new Operands(2 + mostOrder);
  }

  static Schedule schedule(Run run) {
    return new UniPc(run).schedule();
  }

  private Schedule schedule() {
    List<Step> steps = new ArrayList<>();
    for (int i = run.begin(); i < sigmas.steps(); i++) {
      Combination output =
          run.config().predictionType().original(sigmas.level(i), now.latents(), now.output());
      List<Combination> outputs = new ArrayList<>();
      for (int k = 0; k < mostOrder; k++) {
        outputs.add(now.state(2 + k));
      }
      Combination corrected = now.latents();
      if (i > run.begin()) {
        List<Double> places = places(i - 1, order(i - 1));
        List<Combination> changes = changes(outputs, places);
        places.add(1.0);
        changes.add(output.minus(outputs.get(0)));
        corrected = integral(i - 1, now.state(1), outputs.get(0), places, changes);
      }
      outputs.add(0, output);
      List<Double> places = places(i, order(i));
      Combination next = integral(i, corrected, output, places, changes(outputs, places));
      List<Combination> states = new ArrayList<>(List.of(next, corrected));
      states.addAll(outputs);
      steps.add(now.step(sigmas.timestep(i), 1, states.toArray(new Combination[0])));
    }
    return run.schedule(steps, step -> sigmas.level(run.begin() + step), 1);
  }

  private int order(int index) {
    int left = run.config().get(Options.LOWER_ORDER_FINAL) ? run.steps() - index : mostOrder;
    return Math.min(Math.min(mostOrder, left), index - run.begin() + 1);
  }

  /** Where earlier steps lie, in units of this one, all below 0. */
  private List<Double> places(int index, int order) {
    List<Double> places = new ArrayList<>();
    for (int k = 1; k < order; k++) {
      places.add(sigmas.width(index, index - k) / sigmas.width(index, index + 1));
    }
    return places;
  }

  /** How the outputs of earlier steps differ from the first one, for a unit. */
  private static List<Combination> changes(List<Combination> outputs, List<Double> places) {
    List<Combination> changes = new ArrayList<>();
    for (int k = 0; k < places.size(); k++) {
      changes.add(outputs.get(k + 1).minus(outputs.get(0)).times(1 / places.get(k)));
    }
    return changes;
  }

  /** From a noise level to the next (formula 8), with B(h) of {@code solver_type}. */
  private Combination integral(
      int index,
      Combination latents,
      Combination output,
      List<Double> places,
      List<Combination> changes) {
    double h = -sigmas.width(index, index + 1);
    double decay = Math.expm1(h);
    double scale = run.config().get(Options.SOLVER_TYPE).equals("bh1") ? h : decay;
    double signal = sigmas.level(index + 1).signal();
    Combination next =
        latents
            .times(sigmas.level(index + 1).noise() / sigmas.level(index).noise())
            .minus(output.times(signal * decay));
    double[] weights = places.size() == 1 ? new double[] {0.5} : weights(places, h, scale);
    for (int k = 0; k < weights.length; k++) {
      next = next.minus(changes.get(k).times(signal * scale * weights[k]));
    }
    return next;
  }

  /** The weights that fit phi functions of ascending order (theorem 3.1). */
  private static double[] weights(List<Double> places, double h, double scale) {
    int count = places.size();
    double[][] powers = new double[count][count];
    double[] right = new double[count];
    double phi = Math.expm1(h) / h - 1;
    double factorial = 1;
    for (int i = 0; i < count; i++) {
      for (int k = 0; k < count; k++) {
        powers[i][k] = Math.pow(places.get(k), i);
      }
      right[i] = phi * factorial / scale;
      factorial *= i + 2;
      phi = phi / h - 1 / factorial;
    }
    return LinearSystem.solve(powers, right);
  }
}
