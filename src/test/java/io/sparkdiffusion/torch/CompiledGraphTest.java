package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.GraphException;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import io.sparkdiffusion.graph.RawWeight;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class CompiledGraphTest {

  private static TorchDevice device;

  @BeforeAll
  static void open() {
    device = TorchDevice.open("cpu");
  }

  @AfterAll
  static void close() {
    device.close();
  }

  @Test
  void runsALinearLayerOverWeightsOfEveryType() {
    for (Dtype target : new Dtype[] {Dtype.FLOAT32, Dtype.BFLOAT16}) {
      Graph graph = new Graph("a linear layer");
      Tensor x = graph.input(1, 2).to(target);
      graph.returns(graph.scope().linear("layer", x, 2).to(Dtype.FLOAT32));
      try (WeightDictionary weights = new WeightDictionary(device)) {
        put(
            weights,
            "layer.weight",
            Dtype.BFLOAT16,
            target,
            Shape.of(2, 2),
            0x3F80,
            0x4000,
            0x4040,
            0x4080);
        put(weights, "layer.bias", Dtype.FLOAT16, target, Shape.of(2), 0x3C00, 0xBC00);
        try (CompiledGraph compiled = CompiledGraph.compile(graph, weights);
            DeviceTensor input = device.floats(new float[] {10, 20}, 1, 2);
            DeviceTensor output = compiled.run(input)) {
          assertThat(output.toFloats()).as(target.toString()).containsExactly(51, 109);
        }
      }
    }
  }

  /** A petabyte, more than a process can address. */
  @Test
  void saysThatTheMemoryDoesNotSufficeAndCanBeUsedFurther() {
    int n = 1 << 24;
    Graph large = new Graph("all sums");
    large.returns(large.input(n, 1).plus(large.input(1, n)));
    Graph small = new Graph("a sum");
    small.returns(small.input(2).plus(small.input(2)));
    try (WeightDictionary weights = new WeightDictionary(device);
        CompiledGraph tooLarge = CompiledGraph.compile(large, weights);
        CompiledGraph fits = CompiledGraph.compile(small, weights);
        DeviceTensor column = device.floats(new float[n], n, 1);
        DeviceTensor row = device.floats(new float[n], 1, n);
        DeviceTensor pair = device.floats(new float[] {1, 2}, 2)) {
      assertThatThrownBy(() -> tooLarge.run(column, row))
          .isInstanceOf(OutOfDeviceMemoryException.class)
          .hasMessageStartingWith("Cannot go on: the memory of device cpu must suffice (")
          .hasMessageContaining("you tried to allocate %s bytes", (long) n * n * Float.BYTES)
          .hasStackTraceContaining("Cannot run all sums: ");
      try (DeviceTensor sum = fits.run(pair, pair)) {
        assertThat(sum.toFloats()).containsExactly(2, 4);
      }
    }
  }

  @Test
  void inputsMustHaveTheDeclaredShapes() {
    Graph graph = new Graph("a sum");
    graph.returns(graph.input(2).plus(graph.input(1, 2)));
    try (WeightDictionary weights = new WeightDictionary(device);
        CompiledGraph compiled = CompiledGraph.compile(graph, weights);
        DeviceTensor row = device.floats(new float[2], 2);
        DeviceTensor wide = device.floats(new float[4], 2, 2)) {
      assertThatThrownBy(() -> compiled.run(row, wide))
          .isInstanceOf(GraphException.class)
          .hasMessage(
              "Cannot run a sum: its inputs must have shapes [[2], [1, 2]] ([[2], [2, 2]])");
      assertThatThrownBy(() -> compiled.run(row))
          .hasMessage("Cannot run a sum: its inputs must have shapes [[2], [1, 2]] ([[2]])");
    }
  }

  @Test
  void failuresOfLibtorchNameTheGraphAndKeepTheTraceback() {
    Graph graph = new Graph("a lookup");
    graph.returns(graph.scope().weight("table", 3, 1).embedding(graph.input(1)));
    try (WeightDictionary weights = new WeightDictionary(device)) {
      put(weights, "table", Dtype.FLOAT16, Dtype.FLOAT32, Shape.of(3, 1), 0, 0, 0);
      try (CompiledGraph compiled = CompiledGraph.compile(graph, weights);
          DeviceTensor beyond = device.longs(new long[] {3}, 1)) {
        assertThatThrownBy(() -> compiled.run(beyond))
            .isInstanceOf(GraphException.class)
            .hasMessageStartingWith("Cannot run a lookup: ")
            .hasMessageContaining("index out of range in self")
            .hasMessageContaining("torch.embedding(x0, input0)")
            .hasCauseInstanceOf(ai.djl.engine.EngineException.class);
      }
    }
  }

  @Test
  void weightsMustBeInTheDictionary() {
    Graph graph = new Graph("a network");
    graph.returns(graph.scope().linear("layer", graph.input(1, 2), 2));
    try (WeightDictionary weights = new WeightDictionary(device);
        CompiledGraph compiled = CompiledGraph.compile(graph, weights);
        DeviceTensor input = device.floats(new float[2], 1, 2)) {
      assertThatThrownBy(() -> compiled.run(input))
          .isInstanceOf(GraphException.class)
          .hasMessageStartingWith("Cannot run a network: ")
          .hasMessageContaining("layer.weight");
    }
  }

  @Test
  void whatLibtorchDoesNotKnowIsRefusedWhenItIsCompiled() {
    Graph graph = new Graph("a wish");
    graph.returns(graph.input(1));
    Node input = graph.result();
    Node wish = new Node(Op.PERMUTE, Shape.of(1), Map.of("order", "wish"), List.of(input));
    try (WeightDictionary weights = new WeightDictionary(device)) {
      assertThatThrownBy(
              () -> CompiledGraph.compile(graph.with(List.of(input, wish), wish), weights))
          .isInstanceOf(GraphException.class)
          .hasMessageStartingWith("Cannot compile a wish: ")
          .hasMessageContaining("torch.permute(input0, wish)");
    }
  }

  @Test
  void nothingClosedIsUsed() {
    Graph graph = new Graph("an identity");
    graph.returns(graph.input(1).plus(0));
    try (WeightDictionary weights = new WeightDictionary(device);
        CompiledGraph compiled = CompiledGraph.compile(graph, weights);
        DeviceTensor input = device.floats(new float[1], 1)) {
      DeviceTensor closed = device.floats(new float[1], 1);
      closed.close();
      assertThatThrownBy(() -> compiled.run(closed))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("Cannot use a tensor: it must be open (closed)");
      compiled.close();
      compiled.close();
      assertThatThrownBy(() -> compiled.run(input))
          .isInstanceOf(GraphException.class)
          .hasMessageStartingWith("Cannot run an identity: ");
      weights.close();
      assertThatThrownBy(() -> CompiledGraph.compile(graph, weights))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void anInterruptedThreadStartsNoRunAndStaysInterrupted() {
    Graph graph = new Graph("an identity");
    graph.returns(graph.input(1).plus(0));
    try (WeightDictionary weights = new WeightDictionary(device);
        CompiledGraph compiled = CompiledGraph.compile(graph, weights);
        DeviceTensor input = device.floats(new float[1], 1)) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> compiled.run(input))
          .isInstanceOf(GraphException.class)
          .hasMessage("Cannot run an identity: its thread must go on (interrupted)");
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  private static void put(
      WeightDictionary weights, String name, Dtype type, Dtype target, Shape shape, int... bits) {
    weights.put(name, new RawWeight(shorts(bits), type, shape), target, shape);
  }

  private static ByteBuffer shorts(int... values) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      buffer.putShort((short) value);
    }
    return buffer.flip();
  }
}
