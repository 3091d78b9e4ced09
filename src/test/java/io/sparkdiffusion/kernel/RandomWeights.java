package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Shape;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

/** Weights for graphs of tests: sums of products keep the size of what they are made of. */
public final class RandomWeights {

  private RandomWeights() {}

  /** One array for each weight that a graph asks for, the same at every call. */
  public static Map<String, float[]> of(Graph graph) {
    Map<String, float[]> weights = new HashMap<>();
    graph.weights().forEach((name, shape) -> weights.put(name, numbers(name.hashCode(), shape)));
    return weights;
  }

  private static float[] numbers(int seed, Shape shape) {
    int count = Math.toIntExact(shape.count());
    double size = shape.rank() > 1 ? Math.sqrt(3.0 * shape.size(0) / count) : 1;
    return numbers(seed, count, size);
  }

  /** Numbers between minus and plus a size. */
  public static float[] numbers(int seed, int count, double size) {
    Random random = new Random(seed);
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) ((2 * random.nextDouble() - 1) * size);
    }
    return numbers;
  }
}
