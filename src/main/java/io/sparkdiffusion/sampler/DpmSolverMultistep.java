package io.sparkdiffusion.sampler;

import java.util.ArrayList;
import java.util.List;

/**
 * DPM-Solver++ from the outputs of earlier steps (arXiv 2211.01095, algorithm 2). States: latents,
 * the converted outputs of earlier steps.
 */
final class DpmSolverMultistep {

  private final Run run;
  private final SchedulerConfig config;
  private final SigmaSchedule sigmas;
  private final Operands now;

  private DpmSolverMultistep(Run run) {
    this.run = run;
    this.config = run.config();
    this.sigmas = DpmSolver.sigmas(run);
    this.now = new Operands(config.get(Options.SOLVER_ORDER));
  }

  static Schedule schedule(Run run) {
    SchedulerConfig config = run.config();
    run.require(
        !config.get(Options.ALGORITHM_TYPE).equals("sde-dpmsolver")
            || config.get(Options.SOLVER_ORDER) < 3,
        "Cannot use scheduler setting solver_order: sde-dpmsolver has 1 and 2 (%s)",
        config.get(Options.SOLVER_ORDER));
    return new DpmSolverMultistep(run).schedule();
  }

  private Schedule schedule() {
    List<Step> steps = new ArrayList<>();
    for (int i = run.begin(); i < sigmas.steps(); i++) {
      DpmSolver solver =
          DpmSolver.between(
              config.get(Options.ALGORITHM_TYPE), sigmas.level(i), sigmas.level(i + 1));
      Combination output = DpmSolver.converted(run, sigmas.level(i), now);
      Combination next =
          now.latents()
              .times(solver.latents())
              .plus(output.times(solver.output()))
              .plus(differences(i, solver, output))
              .plus(now.noise().times(solver.noise()));
      Combination last = now.states() > 1 ? now.state(1) : now.zero();
      steps.add(now.step(sigmas.timestep(i), 1, next, output, last));
    }
    return run.schedule(steps, step -> sigmas.level(run.begin() + step), 1);
  }

  /** The last step is Euler's where it is asked for, or where no noise is left. */
  private int order(int index) {
    boolean euler =
        config.get(Options.EULER_AT_FINAL)
            || config.get(Options.FINAL_SIGMAS_TYPE) == FinalSigma.ZERO;
    return euler && index + 1 == run.steps() ? 1 : DpmSolver.multistepOrder(run, index);
  }

  /** What the outputs of earlier steps add: the slope of the output, and how that changes. */
  private Combination differences(int index, DpmSolver solver, Combination output) {
    int order = order(index);
    if (order == 1) {
      return now.zero();
    }
    double h = sigmas.width(index, index + 1);
    double r0 = sigmas.width(index - 1, index) / h;
    Combination first = output.minus(now.state(1)).times(1 / r0);
    if (order == 2) {
      boolean midpoint = config.get(Options.SOLVER_TYPE).equals("midpoint");
      return first.times(midpoint ? solver.output() / 2 : solver.slope());
    }
    double r1 = sigmas.width(index - 2, index - 1) / h;
    Combination second = now.state(1).minus(now.state(2)).times(1 / r1);
    Combination change = first.minus(second).times(1 / (r0 + r1));
    return first.plus(change.times(r0)).times(solver.slope()).plus(change.times(solver.curve()));
  }
}
