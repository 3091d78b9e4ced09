package io.sparkdiffusion.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
    Graph graph = new Graph("a linear layer");
    Tensor x = graph.input(1, 2);
    graph.returns(graph.scope().linear("layer", x, 2));
    for (Dtype target : new Dtype[] {Dtype.FLOAT32, Dtype.BFLOAT16}) {
      try (WeightDictionary weights = new WeightDictionary(device)) {
        weights.put(
            "layer.weight",
            shorts(0x3F80, 0x4000, 0x4040, 0x4080),
            Dtype.BFLOAT16,
            Dtype.FLOAT32,
            Shape.of(2, 2));
        weights.put(
            "layer.bias", shorts(0x3C00, 0xBC00), Dtype.FLOAT16, Dtype.FLOAT32, Shape.of(2));
        try (CompiledGraph compiled = CompiledGraph.compile(graph, weights);
            DeviceTensor input = device.floats(new float[] {10, 100}, 1, 2);
            DeviceTensor output = compiled.run(input)) {
          assertThat(output.toFloats()).as(target.toString()).containsExactly(211, 429);
        }
      }
    }
  }

  private static ByteBuffer shorts(int... values) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      buffer.putShort((short) value);
    }
    return buffer.flip();
  }
}
