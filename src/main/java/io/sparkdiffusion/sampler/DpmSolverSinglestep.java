package io.sparkdiffusion.sampler;

import java.util.ArrayList;
import java.util.List;

/**
 * DPM-Solver++ in groups of calls, each group a step of its own order (arXiv 2211.01095, algorithm
 * 1; arXiv 2206.00927, section 4.2 has the groups). States: latents, those of the group's
 * beginning, the converted outputs before.
 */
final class DpmSolverSinglestep {

  private final Run run;
  private final SigmaSchedule sigmas;
  private final int most;
  private final boolean midpoint;
  private final Operands now;

  private DpmSolverSinglestep(Run run) {
    this.run = run;
    this.sigmas = DpmSolver.sigmas(run);
    this.most = run.config().get(Options.SOLVER_ORDER);
    this.midpoint = run.config().get(Options.SOLVER_TYPE).equals("midpoint");
    this.now = new Operands(most + 1);
  }

  static Schedule schedule(Run run) {
    return new DpmSolverSinglestep(run).schedule();
  }

  private Schedule schedule() {
    List<Integer> orders = orders();
    List<Step> steps = new ArrayList<>();
    for (int i = run.begin(); i < sigmas.steps(); i++) {
      // Of what has been called since the begin, which may lie amid a group.
      int order = Math.min(orders.get(i), i - run.begin() + 1);
      Combination output = DpmSolver.converted(run, sigmas.level(i), now);
      Combination begun = order == 1 ? now.latents() : now.state(1);
      DpmSolver solver =
          DpmSolver.between(
              run.config().get(Options.ALGORITHM_TYPE),
              sigmas.level(i - order + 1),
              sigmas.level(i + 1));
      Combination rise =
          switch (order) {
            case 1 -> output.times(solver.output());
            case 2 -> second(i, solver, output);
            default -> third(i, solver, output);
          };
      Combination next =
          begun.times(solver.latents()).plus(rise).plus(now.noise().times(solver.noise()));
      Combination earlier = most > 2 ? now.state(2) : now.zero();
      steps.add(now.step(sigmas.timestep(i), 1, next, begun, output, earlier));
    }
    return run.schedule(steps, step -> sigmas.level(run.begin() + step), 1);
  }

  /** 1 to most, again and again; where that does not come out even, or to no noise, lower ones. */
  private List<Integer> orders() {
    boolean toZero = run.config().get(Options.FINAL_SIGMAS_TYPE) == FinalSigma.ZERO;
    int count = run.steps();
    boolean lowers = run.config().get(Options.LOWER_ORDER_FINAL) && count % most == 0;
    List<Integer> orders = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      orders.add(i % most + 1);
    }
    if (lowers || toZero) {
      orders.set(count - 1, 1);
    }
    return orders;
  }

  private Combination second(int index, DpmSolver solver, Combination output) {
    double r0 = sigmas.width(index - 1, index) / sigmas.width(index - 1, index + 1);
    Combination slope = output.minus(now.state(2)).times(1 / r0);
    return now.state(2)
        .times(solver.output())
        .plus(slope.times(midpoint ? solver.output() / 2 : solver.slope()));
  }

  private Combination third(int index, DpmSolver solver, Combination output) {
    double h = sigmas.width(index - 2, index + 1);
    double r0 = sigmas.width(index - 2, index) / h;
    double r1 = sigmas.width(index - 2, index - 1) / h;
    Combination begun = now.state(3);
    Combination near = now.state(2).minus(begun).times(1 / r1);
    Combination far = output.minus(begun).times(1 / r0);
    Combination slope = near.times(r0).minus(far.times(r1)).times(1 / (r0 - r1));
    Combination curve = far.minus(near).times(2 / (r0 - r1));
    Combination first = begun.times(solver.output());
    return midpoint
        ? first.plus(far.times(solver.slope()))
        : first.plus(slope.times(solver.slope())).plus(curve.times(solver.curve()));
  }
}
