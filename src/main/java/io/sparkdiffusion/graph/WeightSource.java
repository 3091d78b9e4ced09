package io.sparkdiffusion.graph;

import java.util.function.Supplier;

/** Where the weights of a network come from: they are read one by one. */
public interface WeightSource {

  /** Takes one weight. */
  interface Reader {

    /**
     * Called once for each weight.
     *
     * @param name as the network asks for it
     * @param stored gives what is stored, as often as it is asked
     * @param shape as the network asks for it, of as many elements as are stored
     */
    void read(String name, Supplier<RawWeight> stored, Shape shape);
  }

  /** Hands each weight to a reader. */
  void forEach(Reader reader);
}
