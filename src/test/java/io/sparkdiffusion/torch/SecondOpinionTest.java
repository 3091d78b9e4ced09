package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import io.sparkdiffusion.graph.RawWeight;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.graph.WeightSource;
import io.sparkdiffusion.kernel.Interpreter;
import io.sparkdiffusion.kernel.Packing;
import io.sparkdiffusion.kernel.RandomWeights;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.testing.SmallNetworks;
import io.sparkdiffusion.util.ResourceStack;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** libtorch computes of small networks what plain Java says that they mean. */
class SecondOpinionTest {

  @ParameterizedTest
  @EnumSource(
      value = Target.Kernels.class,
      names = {"ATEN", "ONEDNN"})
  void libtorchComputesWhatPlainJavaDoes(Target.Kernels kernels) {
    Target target = new Target(Dtype.FLOAT32, kernels);
    for (SmallNetworks.Case small : SmallNetworks.all(Dtype.FLOAT32)) {
      Graph graph = small.graph();
      Map<String, float[]> weights = RandomWeights.of(graph);
      // Numbers of the size of 1, some hundred roundings to 24 bits on their way.
      assertThat(run(target.apply(graph), source(graph, weights), small.inputs()))
          .as(graph.name())
          .containsExactly(Interpreter.run(graph, weights, small.inputs()), within(2e-4f));
    }
  }

  private static float[] run(Graph graph, WeightSource source, float[][] inputs) {
    try (TorchDevice device = TorchDevice.open("cpu");
        WeightDictionary weights =
            WeightDictionary.load(device, source, Dtype.FLOAT32, Packing.of(graph));
        CompiledGraph compiled = CompiledGraph.compile(graph, weights);
        ResourceStack open = new ResourceStack()) {
      DeviceTensor[] tensors = new DeviceTensor[inputs.length];
      for (int i = 0; i < inputs.length; i++) {
        long[] sizes = graph.inputs().get(i).sizes();
        tensors[i] =
            open.push(
                isIndices(graph, i)
                    ? device.longs(longs(inputs[i]), sizes)
                    : device.floats(inputs[i], sizes));
      }
      return open.push(compiled.run(tensors)).toFloats();
    }
  }

  /** Whether an input counts the rows of a table. */
  private static boolean isIndices(Graph graph, int input) {
    Node node = graph.nodes().stream().filter(one -> one.is(Op.INPUT)).toList().get(input);
    return graph.nodes().stream()
        .anyMatch(one -> one.is(Op.EMBEDDING) && one.input(1).equals(node));
  }

  private static long[] longs(float[] values) {
    long[] longs = new long[values.length];
    for (int i = 0; i < longs.length; i++) {
      longs[i] = (long) values[i];
    }
    return longs;
  }

  private static WeightSource source(Graph graph, Map<String, float[]> weights) {
    return reader ->
        graph
            .weights()
            .forEach(
                (name, shape) -> reader.read(name, () -> raw(weights.get(name), shape), shape));
  }

  private static RawWeight raw(float[] values, Shape shape) {
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return new RawWeight(bytes, Dtype.FLOAT32, shape);
  }
}
