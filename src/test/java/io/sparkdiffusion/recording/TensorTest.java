package io.sparkdiffusion.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.sparkdiffusion.graph.Attention;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.GraphException;
import io.sparkdiffusion.graph.Layers;
import io.sparkdiffusion.graph.Scope;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.graph.Tensor;
import io.sparkdiffusion.kernel.Interpreter;
import io.sparkdiffusion.torch.Evaluation;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TensorTest {

  private static final Graph GRAPH = new Graph("a test");
  private static final Tensor MATRIX = GRAPH.input(2, 6);
  private static final Tensor IMAGE = GRAPH.input(2, 6, 4, 4);

  private static Tensor of(long... sizes) {
    return GRAPH.input(sizes);
  }

  private static Arguments refused(String message, Supplier<Tensor> operation) {
    return arguments(message, operation);
  }

  static List<Arguments> operationsThatDoNotFit() {
    return List.of(
        refused("add: shapes must broadcast ([2, 6] and [2, 5])", () -> MATRIX.plus(of(2, 5))),
        refused("sub: shapes must broadcast ([2, 6] and [3, 6])", () -> MATRIX.minus(of(3, 6))),
        refused("mul: shapes must broadcast ([2, 6] and [2])", () -> MATRIX.times(of(2))),
        refused("div: shapes must broadcast ([2, 6] and [4])", () -> MATRIX.dividedBy(of(4))),
        refused(
            "reshape: the number of elements must stay ([2, 6] and [2, 5])",
            () -> MATRIX.reshape(2, 5)),
        refused(
            "permute: every dimension must be named once ([2, 6] and [0])",
            () -> MATRIX.permute(0)),
        refused(
            "permute: every dimension must be named once ([2, 6] and [0, 0])",
            () -> MATRIX.permute(0, 0)),
        refused(
            "an operation: the dimension must exist ([2, 6] and 2)", () -> MATRIX.transpose(0, 2)),
        refused(
            "narrow: the part must lie inside the dimension ([2, 6] and dimension -1 from 4, 3"
                + " long)",
            () -> MATRIX.narrow(-1, 4, 3)),
        refused(
            "narrow: the part must lie inside the dimension ([2, 6] and dimension 0 from -1, 1"
                + " long)",
            () -> MATRIX.narrow(0, -1, 1)),
        refused(
            "narrow: the part must lie inside the dimension ([2, 6] and dimension 0 from 0, 0"
                + " long)",
            () -> MATRIX.narrow(0, 0, 0)),
        refused(
            "unsqueeze: the place must be 0 to the rank ([2, 6] and 3)", () -> MATRIX.unsqueeze(3)),
        refused(
            "cat: all other dimensions must agree ([2, 6] and [3, 6])",
            () -> Tensor.cat(1, MATRIX, MATRIX, of(3, 6))),
        refused("upsample: it takes 4 dimensions ([2, 6])", () -> MATRIX.upsampleNearest(2, 2)),
        refused("pad: it takes 4 dimensions ([2, 6])", () -> MATRIX.zeroPadded(1, 1)),
        refused(
            "linear: the last dimension must be the weight's second ([2, 6] and [3, 5])",
            () -> Layers.linear(MATRIX, of(3, 5))),
        refused(
            "conv2d: it takes 4 dimensions ([2, 6])",
            () -> Layers.conv2d(MATRIX, of(3, 6, 3, 3), of(3), 1, 1)),
        refused(
            "conv2d: the channels must be the weight's second size ([2, 6, 4, 4] and [3, 5, 3, 3])",
            () -> Layers.conv2d(IMAGE, of(3, 5, 3, 3), of(3), 1, 1)),
        refused("embedding: it takes 2 dimensions ([2, 6, 4, 4])", () -> IMAGE.embedding(of(1, 2))),
        refused(
            "attention: it takes 4 dimensions ([2, 6])",
            () -> Attention.of(MATRIX, MATRIX, MATRIX, Attention.Kind.FULL)),
        refused(
            "attention: batches, heads and head sizes must agree ([2, 6, 4, 4] and [2, 6, 4, 3] and"
                + " [2, 6, 4, 3])",
            () -> Attention.of(IMAGE, of(2, 6, 4, 3), of(2, 6, 4, 3), Attention.Kind.FULL)),
        refused(
            "attention: batches, heads and head sizes must agree ([2, 6, 4, 4] and [1, 6, 4, 4] and"
                + " [1, 6, 4, 4])",
            () -> Attention.of(IMAGE, of(1, 6, 4, 4), of(1, 6, 4, 4), Attention.Kind.FULL)),
        refused(
            "attention: batches, heads and head sizes must agree ([2, 6, 4, 4] and [2, 6, 5, 4] and"
                + " [2, 6, 4, 4])",
            () -> Attention.of(IMAGE, of(2, 6, 5, 4), IMAGE, Attention.Kind.FULL)),
        refused(
            "group norm: the channels must be a multiple of the groups ([2, 6, 4, 4] and 4)",
            () -> Layers.groupNorm(IMAGE, 4, of(6), of(6), 1e-5)),
        refused(
            "add: all tensors must be of one graph (a test and another)",
            () -> MATRIX.plus(new Graph("another").input(2, 6))),
        refused(
            "cat: all tensors must be of one graph (a test and another)",
            () -> Tensor.cat(0, MATRIX, new Graph("another").input(2, 6))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("operationsThatDoNotFit")
  void refusesWhatDoesNotFitWithShapesAndTheLineThatAsked(
      String message, Supplier<Tensor> operation) {
    assertThatThrownBy(operation::get)
        .isInstanceOf(GraphException.class)
        .hasMessageMatching(
            Pattern.quote("Cannot record " + message + ", asked for at TensorTest.java:") + "\\d+");
  }

  @Test
  void theLineIsTheCallersOwn() {
    int here = new Throwable().getStackTrace()[0].getLineNumber();
    assertThatThrownBy(() -> MATRIX.reshape(7)).hasMessageEndingWith(":" + (here + 1));
    Scope scope = GRAPH.scope();
    assertThatThrownBy(() -> scope.groupNorm("norm", IMAGE, 5, 1e-5))
        .hasMessageEndingWith("TensorTest.java:" + (here + 3));
  }

  private static Arguments computed(
      String name, UnaryOperator<Tensor> operation, Shape shape, double... values) {
    return arguments(name, operation, shape, values);
  }

  /** Of the matrix 0 1 2, 3 4 5. */
  static Stream<Arguments> operations() {
    return Stream.of(
        computed("plus", x -> x.plus(1), Shape.of(2, 3), 1, 2, 3, 4, 5, 6),
        computed("times", x -> x.times(-2), Shape.of(2, 3), 0, -2, -4, -6, -8, -10),
        computed("over", x -> x.dividedBy(2), Shape.of(2, 3), 0, 0.5, 1, 1.5, 2, 2.5),
        computed(
            "broadcast",
            x -> x.reshape(2, 3, 1).minus(x.narrow(0, 0, 1).narrow(1, 1, 2)),
            Shape.of(2, 3, 2),
            IntStream.range(0, 12).mapToDouble(i -> i / 2 - 1 - i % 2).toArray()),
        computed("reshape", x -> x.reshape(3, 2), Shape.of(3, 2), 0, 1, 2, 3, 4, 5),
        computed("permute", x -> x.permute(1, 0), Shape.of(3, 2), 0, 3, 1, 4, 2, 5),
        computed("transpose", x -> x.transpose(-1, 0), Shape.of(3, 2), 0, 3, 1, 4, 2, 5),
        computed("narrow", x -> x.narrow(-1, 1, 2), Shape.of(2, 2), 1, 2, 4, 5),
        computed("unsqueeze", x -> x.unsqueeze(1), Shape.of(2, 1, 3), 0, 1, 2, 3, 4, 5),
        computed(
            "cat",
            x -> Tensor.cat(1, x.narrow(1, 2, 1), x),
            Shape.of(2, 4),
            new double[] {2, 0, 1, 2, 5, 3, 4, 5}),
        computed("repeated", x -> x.narrow(1, 2, 1).repeated(2), Shape.of(4, 1), 2, 5, 2, 5),
        computed("not repeated", x -> x.repeated(1), Shape.of(2, 3), 0, 1, 2, 3, 4, 5),
        computed("spread", Tensor::standardDeviation, Shape.of(2, 1), 1, 1),
        computed(
            "round",
            x -> x.dividedBy(2).plus(-0.5).round(),
            Shape.of(2, 3),
            new double[] {0, 0, 0, 1, 2, 2}),
        computed("clamp", x -> x.clamp(0.5, 3), Shape.of(2, 3), 0.5, 1, 2, 3, 3, 3),
        computed(
            "all finite",
            x -> x.dividedBy(x.narrow(0, 0, 1)).allFinite().to(Dtype.FLOAT32),
            Shape.of(2, 1),
            new double[] {0, 0}),
        computed(
            "infinite in one row",
            x -> x.times(25).exp().allFinite().to(Dtype.FLOAT32),
            Shape.of(2, 1),
            new double[] {1, 0}),
        computed(
            "upsample",
            x -> x.reshape(1, 1, 2, 3).upsampleNearest(4, 3),
            Shape.of(1, 1, 4, 3),
            new double[] {0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5}),
        computed(
            "zero padded",
            x -> x.reshape(1, 1, 2, 3).zeroPadded(1, 2),
            Shape.of(1, 1, 3, 5),
            new double[] {0, 1, 2, 0, 0, 3, 4, 5, 0, 0, 0, 0, 0, 0, 0}),
        computed(
            "zero padded below",
            x -> x.reshape(1, 1, 2, 3).zeroPadded(1, 0),
            Shape.of(1, 1, 3, 3),
            new double[] {0, 1, 2, 3, 4, 5, 0, 0, 0}),
        computed("exp", x -> x.narrow(0, 0, 1).exp(), Shape.of(1, 3), 1, Math.E, 7.389056),
        computed("sin", x -> x.narrow(0, 0, 1).sin(), Shape.of(1, 3), 0, 0.841471, 0.909297),
        computed("cos", x -> x.narrow(0, 0, 1).cos(), Shape.of(1, 3), 1, 0.540302, -0.416147),
        computed(
            "sigmoid", x -> x.narrow(0, 0, 1).sigmoid(), Shape.of(1, 3), 0.5, 0.731059, 0.880797),
        computed("silu", x -> x.narrow(0, 0, 1).silu(), Shape.of(1, 3), 0, 0.731059, 1.761594),
        computed("gelu", x -> x.narrow(0, 0, 1).gelu(), Shape.of(1, 3), 0, 0.841345, 1.954500),
        computed(
            "attention",
            x -> {
              Tensor one = x.reshape(1, 1, 6, 1);
              return Attention.of(one.times(0), one, one, Attention.Kind.FULL);
            },
            Shape.of(1, 1, 6, 1),
            new double[] {2.5, 2.5, 2.5, 2.5, 2.5, 2.5}),
        computed(
            "causal attention",
            x -> {
              Tensor one = x.reshape(1, 1, 6, 1);
              return Attention.of(one.times(0), one, one, Attention.Kind.CAUSAL);
            },
            Shape.of(1, 1, 6, 1),
            new double[] {0, 0.5, 1, 1.5, 2, 2.5}));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("operations")
  void recordsWhatPyTorchComputes(
      String name, UnaryOperator<Tensor> operation, Shape shape, double... values) {
    Graph graph = new Graph(name);
    Tensor result = operation.apply(graph.input(2, 3));

    assertThat(result.shape()).isEqualTo(shape);
    float[] input = {0, 1, 2, 3, 4, 5};
    assertClose(Evaluation.of(graph.returns(result), input), values);
    assertClose(Interpreter.run(graph, Map.of(), input), values);
  }

  private static void assertClose(float[] actual, double... values) {
    assertThat(actual).hasSize(values.length);
    for (int i = 0; i < values.length; i++) {
      assertThat((double) actual[i]).as("value %d", i).isCloseTo(values[i], within(1e-5));
    }
  }

  @Test
  void countsUpwardsOnTheDeviceOfAnotherTensor() {
    Graph graph = new Graph("a count");
    Tensor count = Tensor.arange(graph.input(1), 4);

    assertThat(count.shape()).isEqualTo(Shape.of(4));
    assertThat(Evaluation.of(graph.returns(count), new float[1])).containsExactly(0, 1, 2, 3);
  }

  @Test
  void convolutionsKeepTheSizeOrHalveIt() {
    Graph graph = new Graph("convolutions");
    Scope scope = graph.scope();
    Tensor image = graph.input(1, 2, 5, 8);

    assertThat(scope.conv2d("a", image, 3, 3, 1).shape()).isEqualTo(Shape.of(1, 3, 5, 8));
    assertThat(scope.conv2d("b", image, 3, 1, 1).shape()).isEqualTo(Shape.of(1, 3, 5, 8));
    assertThat(scope.conv2d("c", image, 3, 3, 2).shape()).isEqualTo(Shape.of(1, 3, 3, 4));
  }
}
