package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Operator;

/** What passes make of the field's operators; attributes that the shape tells are left out. */
public enum KernelOp implements Operator {
  /** The input laid out with its channels last (NHWC in memory). */
  CHANNELS_LAST,
  /** Zeros of the input's type. */
  ZEROS,
  /** Products of the last two dimensions' matrices. */
  MATMUL,
  /** Softmax over the last dimension. */
  SOFTMAX,
  /** {@link #MATMUL}, softmax and product of attention, a block of queries after another. */
  ATTENTION_IN_BLOCKS,
  /** Attention of q, k, v with a fourth input that is added to the scores. */
  MASKED_ATTENTION,
  /** a + b in the memory of a. */
  ADD_INTO(true),
  /** a * b in the memory of a. */
  MUL_INTO(true),
  /** silu(x) in the memory of x. */
  SILU_INTO(true),
  /** gelu(x) in the memory of x. */
  GELU_INTO(true),
  /** A weight by its {@code name}, laid out as its {@code packing} says. */
  PACKED_WEIGHT,
  /** A part of a packed weight, by the {@code name} of the part. */
  WEIGHT_PART,
  /** x · weightᵀ (+ bias) over a packed weight: x, weight, bias. */
  PACKED_LINEAR,
  /** A linear layer plus another tensor: x, weight, bias, other. */
  LINEAR_PLUS,
  /** A linear layer times another tensor: x, weight, bias, other. */
  LINEAR_TIMES,
  /** gelu of a linear layer: x, weight, bias. */
  LINEAR_GELU,
  /** A convolution over a packed weight; {@code stride}, {@code padding}. */
  PACKED_CONV2D,
  /** sum + conv2d(x) in the memory of the sum: sum, x, weight, perhaps bias; {@code padding}. */
  CONV2D_INTO(true),
  /** A 3x3 convolution of x, nearest-neighbour doubled: x, bias; {@code name}, {@code packing}. */
  UPSAMPLED_CONV2D,
  /**
   * A convolution that says how cuDNN is to compute it; {@code stride}, {@code padding}, {@code
   * deterministic}.
   */
  CUDNN_CONV2D,
  /** Attention by one of a GPU's kernels; {@code kind}, and which as {@code kernel}. */
  CUDA_ATTENTION,
  /** The input as float32. */
  TO_FLOAT32,
  /** The first input in the second one's type. */
  TYPE_AS,
  /**
   * Of x (B, N, G, K) for each of B and G over all N and K the mean, and 1 / sqrt(variance + {@code
   * epsilon}): (2, B, 1, G, 1) float32.
   */
  MOMENTS,
  /** c + x · weightᵀ of matrices: x (N, I), weight (O, I), c (N, O). */
  PRODUCT_PLUS;

  private final boolean overwrites;

  KernelOp() {
    this(false);
  }

  KernelOp(boolean overwrites) {
    this.overwrites = overwrites;
  }

  /** Whether the result lies in the memory of the first input, which nothing may read again. */
  public boolean overwrites() {
    return overwrites;
  }
}
