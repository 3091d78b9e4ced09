package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Graph;

/**
 * One idea that makes a graph faster on some target: the same results, but for rounding, from other
 * nodes. Where it finds nothing to do it gives the graph as it was.
 */
public interface Pass {

  /** The graph after this idea. */
  Graph apply(Graph graph);

  /** What the kernel page calls it. */
  default String name() {
    return getClass().getSimpleName();
  }
}
