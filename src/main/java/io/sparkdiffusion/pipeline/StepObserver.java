package io.sparkdiffusion.pipeline;

import java.util.function.Supplier;

/**
 * Sees a batch's latents before its first step and after each (diffusers, callback_on_step_end).
 */
public interface StepObserver {

  /**
   * Called on the device's thread, which waits.
   *
   * @param latents (B, C, h, w), copied from the device where they are asked for
   */
  void latents(Supplier<float[]> latents);
}
