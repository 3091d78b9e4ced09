package io.sparkdiffusion.graph;

/**
 * How oneDNN is to lay a weight out: for the input that it expects most. With other inputs it gives
 * the same result and lays the weight out anew in each call.
 */
public sealed interface Packing {

  /** The name of a weight's second half. */
  static String second(String weight) {
    return weight + "/second";
  }

  /**
   * Of a linear layer.
   *
   * @param rows of the input
   */
  record Linear(long rows) implements Packing {}

  /**
   * Of a linear layer that is taken as two of half the outputs; the second is kept under a name of
   * its own.
   *
   * @param rows of the input
   */
  record Halves(long rows) implements Packing {}

  /**
   * Of a convolution.
   *
   * @param input (B, C, H, W)
   */
  record Convolution(Shape input, int stride, int padding) implements Packing {}

  /**
   * Of a convolution of stride 1 that is taken as two of half the input's channels each, the second
   * added to the first; the second's weight is kept under a name of its own.
   *
   * @param input (B, C, H, W)
   */
  record InputHalves(Shape input, int padding) implements Packing {

    /** The input of each. */
    Shape half() {
      return input.with(1, input.size(1) / 2);
    }
  }

  /**
   * Of a 3x3 convolution behind a doubling, see {@link Doubling}; the weight itself is put into the
   * dictionary only for pictures of odd sizes.
   *
   * @param input (B, C, H, W) before the doubling
   */
  record Doubled(Shape input) implements Packing {}
}
