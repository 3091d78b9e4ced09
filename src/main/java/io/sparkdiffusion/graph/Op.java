package io.sparkdiffusion.graph;

/**
 * The field's operators, with PyTorch's names and semantics: all that networks are written in. Each
 * says its inputs and attributes; sizes that the node's shape tells are no attributes.
 */
public enum Op implements Operator {
  /** What the caller gives; {@code index}. */
  INPUT,
  /** A weight by its {@code name} in the model files. */
  WEIGHT,
  /** a + b, broadcast; with one input a + {@code number}. */
  ADD,
  /** a - b, broadcast. */
  SUB,
  /** a * b, broadcast; with one input a * {@code number}. */
  MUL,
  /** a / b, broadcast; with one input a / {@code number}. */
  DIV,
  /** x · sigmoid(x). */
  SILU,
  /** x · Φ(x). */
  GELU,
  /** 1 / (1 + exp(-x)). */
  SIGMOID,
  /** e to the x. */
  EXP,
  /** Sine. */
  SIN,
  /** Cosine. */
  COS,
  /** The nearest whole number, of two the even one. */
  ROUND,
  /** At least {@code least} and at most {@code most}. */
  CLAMP,
  /** The same values as {@code dtype}. */
  TO,
  /** The unbiased standard deviation over all dimensions but the first, which are kept as 1. */
  STD,
  /** 1 where nothing in all dimensions but the first is infinite or NaN, else 0; they stay as 1. */
  ALL_FINITE,
  /** The same elements in the node's shape. */
  RESHAPE,
  /** The dimensions in an {@code order}. */
  PERMUTE,
  /** The dimensions {@code first} and {@code second} exchanged. */
  TRANSPOSE,
  /** Of {@code dimension} the part from {@code start}. */
  NARROW,
  /** The input with elements of one {@code value} behind its ends, up to the node's shape. */
  PAD,
  /** A new {@code dimension} of size 1. */
  UNSQUEEZE,
  /** All inputs one after another in {@code dimension}. */
  CAT,
  /** 0, 1, 2, ... as float32, on the device of the input. */
  ARANGE,
  /** Rows of a table (N, C) for indices. */
  EMBEDDING,
  /** Nearest-neighbour resampling of (B, C, H, W) to the node's height and width. */
  UPSAMPLE_NEAREST,
  /** x · weightᵀ, plus a bias where there is one: (..., I), (O, I), (O). */
  LINEAR,
  /** x (B, I, H, W), weight (O, I, K, K), bias (O); {@code stride}, {@code padding}. */
  CONV2D,
  /** x (B, C, ...), weight (C), bias (C); {@code groups}, {@code epsilon}. */
  GROUP_NORM,
  /** x (..., C), weight (C), bias (C); {@code epsilon}. */
  LAYER_NORM,
  /** softmax(q kᵀ / sqrt(D)) v; {@code kind} is an {@link Attention.Kind}. */
  ATTENTION
}
