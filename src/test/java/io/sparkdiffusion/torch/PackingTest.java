package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Op;
import io.sparkdiffusion.graph.RawWeight;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.graph.Tensor;
import io.sparkdiffusion.kernel.Packing;
import io.sparkdiffusion.kernel.Target;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Layers over weights in oneDNN's layout beside the same layers over weights as they are stored.
 */
class PackingTest {

  private TorchDevice device;

  @BeforeEach
  void open() {
    device = TorchDevice.open("cpu");
  }

  @AfterEach
  void close() {
    device.close();
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "BFLOAT16"})
  void packedWeightsGiveWhatPlainOnesGive(Dtype dtype) {
    // Of the sum of 9 x 16 products below 1: float32's 24 bits, bfloat16's 8.
    double tolerance = dtype == Dtype.FLOAT32 ? 1e-5 : 0.1;
    Graph packed = record(new Target(dtype, Target.Kernels.ONEDNN), 8);
    Graph plain = record(Target.aten(dtype), 8);
    assertThat(Packing.of(packed))
        .isEqualTo(
            Map.of(
                "conv.weight", new Packing.Convolution(Shape.of(2, 16, 8, 8), 2, 1),
                "doubled.weight", new Packing.Doubled(Shape.of(2, 20, 4, 4)),
                "linear.weight", new Packing.Linear(128)));
    assertThat(Packing.of(plain)).isEmpty();
    float[] expected = run(plain, plain, 8);
    float[] actual = run(packed, packed, 8);
    IntStream.range(0, expected.length)
        .forEach(i -> assertThat(actual[i]).isCloseTo(expected[i], within((float) tolerance)));
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "BFLOAT16"})
  void forWhichInputAWeightWasPackedDoesNotChangeTheResult(Dtype dtype) {
    Target target = new Target(dtype, Target.Kernels.ONEDNN);
    Graph large = record(target, 16);
    assertThat(run(large, record(target, 4), 16)).isEqualTo(run(large, large, 16));
  }

  /** As the UNet does where a level has an odd size and is not upsampled to the double. */
  @Test
  void theWeightOfAnUpsamplingServesAPlainConvolutionToo() {
    Target target = new Target(Dtype.FLOAT32, Target.Kernels.ONEDNN);
    assertThat(run(single(target), doubled(target), 8))
        .containsExactly(run(single(target), single(target), 8), within(1e-5f));
  }

  /** In bfloat16 sums, gelu and products go into the layers: rounded once, so nearer to float32. */
  @Test
  void fusedSumsAreNearerToFloat32ThanPlainOnes() {
    float[] exact = residuals(Target.aten(Dtype.FLOAT32));
    float[] plain = residuals(Target.aten(Dtype.BFLOAT16));
    float[] fused = residuals(new Target(Dtype.BFLOAT16, Target.Kernels.ONEDNN));
    assertThat(distance(fused, exact)).isPositive().isLessThan(distance(plain, exact));
  }

  /** With tiles a wide input goes in two halves; the first's result is rounded once more. */
  @Test
  void aWideInputInHalvesIsNearlyAsNearToFloat32AsPlainOnes() {
    Target tiles = new Target(Dtype.BFLOAT16, Target.Kernels.ONEDNN_WITH_TILES);
    assertThat(Packing.of(wide(tiles)).values())
        .hasSize(2)
        .allMatch(Packing.InputHalves.class::isInstance);
    float[] exact = run(wide(Target.aten(Dtype.FLOAT32)), 8);
    float[] plain = run(wide(Target.aten(Dtype.BFLOAT16)), 8);
    float[] halves = run(wide(tiles), 8);
    // Inputs, weights and results are rounded in both; one rounding more adds some 4 %.
    assertThat(distance(halves, exact)).isPositive().isLessThan(1.1 * distance(plain, exact));
  }

  private static Graph wide(Target target) {
    Graph graph = new Graph("wide convolutions");
    Tensor x = graph.input(2, 16, 8, 8).to(target.dtype());
    Tensor h = Tensor.cat(1, Collections.nCopies(42, x).toArray(Tensor[]::new));
    Tensor shift = graph.scope().weight("shift", 672);
    h = graph.scope().conv2d("first", h, 672, 3, 1).plus(shift.reshape(1, 672, 1, 1));
    Tensor sum = h.silu();
    h = graph.scope().conv2d("second", h, 672, 3, 1).plus(sum);
    return target.apply(graph.returns(h.to(Dtype.FLOAT32)));
  }

  private float[] run(Graph graph, int size) {
    return run(graph, graph, size);
  }

  @Test
  void float32KeepsItsSumsApart() {
    Target float32 = new Target(Dtype.FLOAT32, Target.Kernels.ONEDNN);
    assertThat(TorchScript.of(residualsGraph(float32)))
        .doesNotContain("\"add\"")
        .doesNotContain("\"mul\"");
    Target bfloat16 = new Target(Dtype.BFLOAT16, Target.Kernels.ONEDNN);
    assertThat(TorchScript.of(residualsGraph(bfloat16))).contains("\"add\"").contains("\"mul\"");
    float[] expected = residuals(Target.aten(Dtype.FLOAT32));
    // The last of the sums has 256 products, added in another order: some 16 roundings of 2^-24.
    float tolerance = (float) (16 * Math.pow(2, -24) * largest(expected));
    assertThat(residuals(float32)).containsExactly(expected, within(tolerance));
  }

  private static double largest(float[] values) {
    return IntStream.range(0, values.length).mapToDouble(i -> Math.abs(values[i])).max().orElse(0);
  }

  private float[] residuals(Target target) {
    return run(residualsGraph(target), 8);
  }

  private static Graph residualsGraph(Target target) {
    Graph graph = new Graph("residuals");
    Tensor x = graph.input(2, 16, 8, 8).to(target.dtype());
    Tensor sum = graph.scope().conv2d("shortcut", x, 16, 1, 1).exp();
    Tensor h = graph.scope().conv2d("conv", x, 16, 3, 1).plus(sum);
    Tensor tokens = h.permute(0, 2, 3, 1).reshape(2, 64, 16);
    // Weights that grow: what they pass through has to grow with them.
    Tensor both = graph.scope().linear("proj", tokens, 512);
    Tensor gated = both.narrow(-1, 256, 256).gelu().times(both.narrow(-1, 0, 256));
    Tensor out = graph.scope().linear("out", gated, 16).plus(tokens);
    return target.apply(graph.returns(out.to(Dtype.FLOAT32)));
  }

  private static double distance(float[] some, float[] others) {
    return IntStream.range(0, some.length).mapToDouble(i -> Math.abs(some[i] - others[i])).sum();
  }

  private static Graph single(Target target) {
    Graph graph = new Graph("a convolution");
    Tensor x = graph.input(2, 16, 8, 8).to(Dtype.FLOAT32);
    return target.apply(graph.returns(graph.scope().conv2d("conv", x, 20, 3, 1)));
  }

  private static Graph doubled(Target target) {
    Graph graph = new Graph("an upsampling");
    Tensor x = graph.input(2, 16, 8, 8).to(Dtype.FLOAT32).upsampleNearest(16, 16);
    return target.apply(graph.returns(graph.scope().conv2d("conv", x, 20, 3, 1)));
  }

  private static Graph record(Target target, long size) {
    Graph graph = new Graph("three layers");
    Tensor x = graph.input(2, 16, size, size).to(target.dtype());
    Tensor h = graph.scope().conv2d("conv", x, 20, 3, 2).upsampleNearest(size, size);
    h = graph.scope().conv2d("doubled", h, 20, 3, 1);
    Tensor tokens = h.permute(0, 2, 3, 1).reshape(2, size * size, 20);
    return target.apply(
        graph.returns(graph.scope().linearNoBias("linear", tokens, 24).to(Dtype.FLOAT32)));
  }

  /** Runs a graph over weights that were packed as another one asks for. */
  private float[] run(Graph graph, Graph packing, int size) {
    Random random = new Random(1);
    try (WeightDictionary weights = new WeightDictionary(device)) {
      graph
          .weights()
          .forEach(
              (name, shape) -> {
                RawWeight raw = new RawWeight(bytes(random, shape), Dtype.FLOAT32, shape);
                Packing layout = Packing.of(packing).get(name);
                if (layout == null) {
                  weights.put(name, raw, dtype(packing), shape);
                } else {
                  weights.put(name, () -> raw, dtype(packing), shape, layout);
                }
              });
      float[] values = new float[2 * 16 * size * size];
      IntStream.range(0, values.length).forEach(i -> values[i] = random.nextFloat() - 0.5f);
      try (CompiledGraph compiled = CompiledGraph.compile(graph, weights);
          DeviceTensor input = device.floats(values, 2, 16, size, size);
          DeviceTensor output = compiled.run(input)) {
        return output.toFloats();
      }
    }
  }

  /** The type that a graph converts its input to. */
  private static Dtype dtype(Graph graph) {
    return graph.nodes().stream()
        .filter(node -> node.is(Op.TO))
        .map(node -> node.attribute("dtype", Dtype.class))
        .findFirst()
        .orElseThrow();
  }

  private static ByteBuffer bytes(Random random, Shape shape) {
    int count = Math.toIntExact(shape.count());
    ByteBuffer bytes = ByteBuffer.allocateDirect(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    IntStream.range(0, count).forEach(i -> bytes.putFloat(4 * i, random.nextFloat() - 0.5f));
    return bytes;
  }
}
