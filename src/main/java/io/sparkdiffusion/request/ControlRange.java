package io.sparkdiffusion.request;

/**
 * The part of a run in which ControlNets have a say.
 *
 * @param start the share of the steps before which they say nothing
 * @param end the share of the steps after which they say nothing
 */
public record ControlRange(double start, double end) {

  /** What an image's values say. */
  static ControlRange of(Values values) {
    return new ControlRange(
        values.get(Parameters.CONTROL_GUIDANCE_START), values.get(Parameters.CONTROL_GUIDANCE_END));
  }

  /**
   * Whether they have a say in a step (diffusers, {@code controlnet_keep}).
   *
   * @param step from 0
   * @param steps all calls of the UNet
   */
  public boolean holds(int step, int steps) {
    return (double) step / steps >= start && (double) (step + 1) / steps <= end;
  }
}
