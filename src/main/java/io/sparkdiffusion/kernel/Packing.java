package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import io.sparkdiffusion.graph.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How oneDNN is to lay a weight out: for the input that it expects most. With other inputs it gives
 * the same result and lays the weight out anew in each call.
 */
public sealed interface Packing {

  /** What the layout is called. */
  String kind();

  /**
   * What is needed to make it, in order: names of further parts, numbers and shapes.
   *
   * @param weight its name
   */
  List<Object> arguments(String weight);

  /** The name of a weight's second half. */
  static String second(String weight) {
    return weight + "/second";
  }

  /** The names of the weights that a graph reads in one piece. */
  static Set<String> readWhole(Graph graph) {
    return graph.nodes().stream()
        .filter(node -> node.is(Op.WEIGHT) || node.is(KernelOp.PACKED_WEIGHT))
        .map(node -> node.text("name"))
        .collect(Collectors.toSet());
  }

  /** The weights that a graph needs laid out, by name, with how. */
  static Map<String, Packing> of(Graph graph) {
    Map<String, Packing> packings = new LinkedHashMap<>();
    for (Node node : graph.nodes()) {
      if (node.has("packing")) {
        packings.put(node.text("name"), node.attribute("packing", Packing.class));
      }
    }
    return packings;
  }

  /**
   * A weight that is laid out, instead of one as it is stored.
   *
   * @param shape of what is read by the weight's name, all of it or its first half
   */
  static Node packed(Rewrite made, Node weight, Packing packing, Shape shape) {
    Map<String, Object> attributes = Map.of("name", weight.text("name"), "packing", packing);
    return made.add(KernelOp.PACKED_WEIGHT, shape, attributes);
  }

  /** The second half of a weight that is laid out in halves. */
  static Node second(Rewrite made, Node weight, Shape shape) {
    return made.add(KernelOp.WEIGHT_PART, shape, Map.of("name", second(weight.text("name"))));
  }

  /**
   * Of a linear layer.
   *
   * @param rows of the input
   */
  record Linear(long rows) implements Packing {

    @Override
    public String kind() {
      return "linear";
    }

    @Override
    public List<Object> arguments(String weight) {
      return List.of(rows);
    }
  }

  /**
   * Of a linear layer that is taken as two of half the outputs; the second is kept under a name of
   * its own.
   *
   * @param rows of the input
   */
  record Halves(long rows) implements Packing {

    @Override
    public String kind() {
      return "halves";
    }

    @Override
    public List<Object> arguments(String weight) {
      return List.of(second(weight), rows);
    }
  }

  /**
   * Of a convolution.
   *
   * @param input (B, C, H, W)
   */
  record Convolution(Shape input, int stride, int padding) implements Packing {

    @Override
    public String kind() {
      return "convolution";
    }

    @Override
    public List<Object> arguments(String weight) {
      return List.of(input, (long) stride, (long) padding);
    }
  }

  /**
   * Of a convolution of stride 1 that is taken as two of half the input's channels each, the second
   * added to the first; the second's weight is kept under a name of its own.
   *
   * @param input (B, C, H, W)
   */
  record InputHalves(Shape input, int padding) implements Packing {

    @Override
    public String kind() {
      return "input_halves";
    }

    /** With the input of each half. */
    @Override
    public List<Object> arguments(String weight) {
      return List.of(second(weight), input.with(1, input.size(1) / 2), (long) padding);
    }
  }

  /**
   * Of a 3x3 convolution behind upsampling, see {@link DoubledConvolution}; the weight itself is
   * put into the dictionary only for images of odd sizes.
   *
   * @param input (B, C, H, W) before the upsampling
   */
  record Doubled(Shape input) implements Packing {

    @Override
    public String kind() {
      return "doubled";
    }

    @Override
    public List<Object> arguments(String weight) {
      return List.of(input);
    }
  }
}
