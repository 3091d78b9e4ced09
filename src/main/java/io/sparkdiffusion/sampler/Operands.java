package io.sparkdiffusion.sampler;

import java.util.Arrays;

/** The tensors that a step combines. */
record Operands(int states) {

  /** The latents. */
  Combination latents() {
    return state(0);
  }

  /** What an earlier step has left: state 0 is the latents, the others are history. */
  Combination state(int index) {
    return Combination.of(index, states + 2);
  }

  /** The UNet's guided output. */
  Combination output() {
    return state(states);
  }

  /** Fresh noise. */
  Combination noise() {
    return state(states + 1);
  }

  /** Nothing. */
  Combination zero() {
    return state(-1);
  }

  /** A step to these states; what is given beyond their number has no reader and is dropped. */
  Step step(double timestep, double inputScale, Combination... next) {
    return new Step(
        timestep, inputScale, Arrays.stream(next).limit(states).map(Combination::row).toList());
  }
}
