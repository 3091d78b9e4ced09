package io.sparkdiffusion.graph;

/**
 * How oneDNN is to lay a weight out: for the input that it expects most. With other inputs it gives
 * the same result and lays the weight out anew in each call.
 *
 * @param input of a linear layer (rows, I), of a convolution (B, C, H, W)
 * @param stride of a convolution
 * @param padding of a convolution
 */
public record Packing(Shape input, int stride, int padding) {

  static Packing linear(Shape input) {
    long width = input.size(-1);
    return new Packing(Shape.of(input.count() / width, width), 1, 0);
  }
}
