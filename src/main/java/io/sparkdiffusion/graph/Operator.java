package io.sparkdiffusion.graph;

/** What a node computes: one of the field's own operators ({@link Op}), or a kernel's. */
public interface Operator {

  /** The enum's own name, such as {@code CONV2D}. */
  String name();
}
