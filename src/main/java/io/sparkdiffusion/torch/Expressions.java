package io.sparkdiffusion.torch;

import io.sparkdiffusion.graph.Attention;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import io.sparkdiffusion.graph.Shape;
import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * How TorchScript writes each of the field's operators; {@link KernelExpressions} has the kernels'.
 */
final class Expressions {

  private final Node node;
  private final Function<Node, String> variables;

  Expressions(Node node, Function<Node, String> variables) {
    this.node = node;
    this.variables = variables;
  }

  /**
   * What computes a node.
   *
   * @param variables of what it computes from
   */
  static String of(Node node, Function<Node, String> variables) {
    Expressions expressions = new Expressions(node, variables);
    return node.operator() instanceof Op operator
        ? expressions.of(operator)
        : new KernelExpressions(node, expressions).text();
  }

  /** How the script reads what the dictionary keeps under a name. */
  static String stored(String name) {
    return "weights[\"" + name + "\"]";
  }

  private String of(Op operator) {
    return switch (operator) {
      case INPUT -> throw new IllegalArgumentException("Cannot write an input: it has no line");
      case WEIGHT -> stored(node.text("name"));
      case ADD -> withNumber("add");
      case SUB -> withNumber("sub");
      case MUL -> withNumber("mul");
      case DIV -> withNumber("div");
      case SILU -> torch("silu", x());
      case GELU -> torch("gelu", x());
      case SIGMOID -> torch("sigmoid", x());
      case EXP -> torch("exp", x());
      case SIN -> torch("sin", x());
      case COS -> torch("cos", x());
      case STD -> torch("std", x(), overAllButTheFirst(), "True", "True");
      case ROUND -> torch("round", x());
      case CLAMP -> torch("clamp", x(), node.number("least"), node.number("most"));
      case ALL_FINITE -> torch("all", torch("isfinite", x()), overAllButTheFirst(), "True");
      case TO -> torch("to", x(), type(node.attribute("dtype", Dtype.class)), "False, False, None");
      case RESHAPE -> torch("reshape", x(), node.shape());
      case PERMUTE -> torch("permute", x(), node.attributes().get("order"));
      case TRANSPOSE -> torch("transpose", x(), node.integer("first"), node.integer("second"));
      case NARROW -> narrow();
      case PAD -> torch("constant_pad_nd", x(), padding(), node.number("value"));
      case UNSQUEEZE -> torch("unsqueeze", x(), node.integer("dimension"));
      case CAT -> torch("cat", all(), node.integer("dimension"));
      case ARANGE -> arange();
      case EMBEDDING -> torch("embedding", x(), in(1));
      case UPSAMPLE_NEAREST -> torch("upsample_nearest2d", x(), heightAndWidth(), "None", "None");
      case LINEAR -> torch("linear", x(), in(1), bias(2));
      case CONV2D ->
          torch("conv2d", x(), in(1), in(2), sides("stride"), sides("padding"), "[1, 1]", 1);
      case GROUP_NORM ->
          torch("group_norm", x(), node.integer("groups"), in(1), in(2), node.number("epsilon"));
      case LAYER_NORM -> torch("layer_norm", x(), lastSize(), in(1), in(2), node.number("epsilon"));
      case ATTENTION ->
          torch("scaled_dot_product_attention", x(), in(1), in(2), "None", "0.", causal());
    };
  }

  static String torch(String operator, Object... arguments) {
    return call("torch." + operator, arguments);
  }

  static String call(String operator, Object... arguments) {
    return Stream.of(arguments)
        .map(String::valueOf)
        .collect(Collectors.joining(", ", operator + "(", ")"));
  }

  private String withNumber(String operator) {
    return torch(operator, x(), node.has("number") ? node.number("number") : in(1));
  }

  private String narrow() {
    int dimension = Math.toIntExact(node.integer("dimension"));
    return torch("narrow", x(), dimension, node.integer("start"), node.shape().size(dimension));
  }

  /** Elements in front of and behind each dimension, from the last to the first that grows. */
  private String padding() {
    Shape from = node.input(0).shape();
    int rank = from.rank();
    int first = 0;
    while (first < rank - 1 && from.size(first) == node.shape().size(first)) {
      first++;
    }
    long[] sides = new long[2 * (rank - first)];
    for (int dimension = first; dimension < rank; dimension++) {
      sides[2 * (rank - dimension) - 1] = node.shape().size(dimension) - from.size(dimension);
    }
    return Arrays.toString(sides);
  }

  private String arange() {
    return torch(
        "arange",
        node.shape().size(0),
        "dtype=" + type(Dtype.FLOAT32),
        "layout=None",
        "device=ops.prim.device(" + x() + ")",
        "pin_memory=False");
  }

  private String overAllButTheFirst() {
    return Arrays.toString(IntStream.range(1, node.shape().rank()).toArray());
  }

  private Shape heightAndWidth() {
    return Shape.of(node.shape().size(2), node.shape().size(3));
  }

  private Shape lastSize() {
    return Shape.of(node.shape().size(-1));
  }

  private String causal() {
    return Attention.isCausal(node) ? "True" : "False";
  }

  private static int type(Dtype dtype) {
    return TorchTypes.number(dtype);
  }

  /** The first input. */
  String x() {
    return in(0);
  }

  /** Another input. */
  String in(int index) {
    return variables.apply(node.input(index));
  }

  /** An input that may be missing. */
  String bias(int index) {
    return index < node.inputs().size() ? in(index) : "None";
  }

  /** All inputs as a list. */
  private String all() {
    return node.inputs().stream().map(variables).collect(Collectors.joining(", ", "[", "]"));
  }

  /** One number for height and width. */
  String sides(String attribute) {
    return "[%1$s, %1$s]".formatted(node.integer(attribute));
  }
}
