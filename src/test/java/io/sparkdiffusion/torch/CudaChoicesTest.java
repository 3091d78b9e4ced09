package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.within;

import io.sparkdiffusion.graph.Attention;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Layers;
import io.sparkdiffusion.graph.Tensor;
import io.sparkdiffusion.kernel.CudaKernels;
import io.sparkdiffusion.kernel.Target;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A GPU's kernels by choice, as libtorch understands them; what has a CPU's side computes here. */
class CudaChoicesTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "group_norm=moments",
        "group_norm=channels_first",
        "shortcut=product",
        "group_norm=moments,shortcut=product",
        "deterministic=off"
      })
  void computesTheSame(String chosen) {
    for (Dtype dtype : new Dtype[] {Dtype.FLOAT32, Dtype.BFLOAT16}) {
      float[] expected = resnet(Target.cuda(dtype));
      float error = dtype == Dtype.FLOAT32 ? 1e-5f : 0.1f;
      assertThat(resnet(Target.cuda(dtype, CudaKernels.parse(chosen))))
          .as(dtype.toString())
          .containsExactly(expected, within(error));
    }
  }

  @Test
  void attentionByProductsAndSoftmaxIsTheSame() {
    assertThat(attention("attention=math"))
        .containsExactly(attention("attention=libtorch"), within(0.02f));
  }

  /** They run on GPUs alone; here their names and arguments are understood. */
  @ParameterizedTest
  @ValueSource(strings = {"flash", "efficient", "cudnn"})
  void libtorchKnowsEachKernelOfAttention(String kernel) {
    Graph graph = attend(Target.cuda(Dtype.BFLOAT16, CudaKernels.parse("attention=" + kernel)));
    assertThat(TorchScript.of(graph)).contains("torch._scaled_dot_product_" + kernel);
    assertThatCode(
            () -> {
              try (TorchDevice device = TorchDevice.open("cpu");
                  WeightDictionary weights = new WeightDictionary(device)) {
                CompiledGraph.compile(graph, weights).close();
              }
            })
        .doesNotThrowAnyException();
  }

  /** x (2, 8, 5, 4): norm, SiLU, convolution, and a shortcut to twice the channels. */
  private static float[] resnet(Target target) {
    Graph graph = new Graph("a resnet");
    Tensor x = graph.input(2, 8, 5, 4).to(target.dtype());
    Tensor[] weights =
        IntStream.range(0, 6)
            .mapToObj(i -> graph.input(SHAPES[i]).to(target.dtype()))
            .toArray(Tensor[]::new);
    Tensor h = Layers.groupNorm(x, 4, weights[0], weights[1], 1e-5).silu();
    h = Layers.conv2d(h, weights[2], weights[3], 1, 1);
    Tensor shortcut = Layers.conv2d(x, weights[4], weights[5], 1, 0);
    graph.returns(h.plus(shortcut).to(Dtype.FLOAT32));
    float[][] inputs =
        graph.inputs().stream()
            .map(shape -> values(Math.toIntExact(shape.count())))
            .toArray(float[][]::new);
    return Evaluation.of(target.apply(graph), inputs);
  }

  private static final long[][] SHAPES = {{8}, {8}, {16, 8, 3, 3}, {16}, {16, 8, 1, 1}, {16}};

  private static float[] attention(String chosen) {
    Graph graph = attend(Target.cuda(Dtype.BFLOAT16, CudaKernels.parse(chosen)));
    return Evaluation.of(graph, values(96), values(96), values(96));
  }

  private static Graph attend(Target target) {
    Graph graph = new Graph("attention");
    Tensor[] all =
        IntStream.range(0, 3)
            .mapToObj(any -> graph.input(1, 2, 6, 8).to(target.dtype()))
            .toArray(Tensor[]::new);
    Tensor seen = Attention.of(all[0], all[1], all[2], Attention.Kind.CAUSAL);
    return target.apply(graph.returns(seen.to(Dtype.FLOAT32)));
  }

  private static float[] values(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) Math.sin(i + count);
    }
    return values;
  }
}
