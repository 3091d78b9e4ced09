package io.sparkdiffusion.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Tensor;
import org.junit.jupiter.api.Test;

class LiveMemoryTest {

  private final Graph graph = new Graph("a case");

  /** Input 400 B, its float16 200 B; exp 200 B while that is read; the sum beside both. */
  @Test
  void countsFromWhereAResultIsMadeToItsLastReader() {
    Tensor x = graph.input(10, 10).to(Dtype.FLOAT16);
    Tensor y = x.exp();
    assertThat(peak(y.plus(x))).isEqualTo(600);
  }

  /** After the first exp the input's copy is free again. */
  @Test
  void freesWhatIsReadNoMore() {
    Tensor x = graph.input(10, 10).to(Dtype.FLOAT16);
    assertThat(peak(x.exp().exp().exp().exp())).isEqualTo(600);
  }

  @Test
  void countsNoWeightAndNoView() {
    Tensor x = graph.input(10, 10);
    Tensor seen = x.reshape(4, 25).transpose(0, 1).to(Dtype.FLOAT32);
    assertThat(peak(graph.scope().linear("big", seen, 1000))).isEqualTo(400 + 25 * 1000 * 4);
  }

  /** A convolution in another layout copies what it reads. */
  @Test
  void leavesRoomForALayout() {
    Tensor x = graph.input(1, 4, 5, 5);
    assertThat(peak(graph.scope().conv2d("conv", x, 2, 3, 1))).isEqualTo(400 + 200 + 400);
  }

  @Test
  void growsWithTheBatch() {
    long one = of(1);
    assertThat(of(8)).isEqualTo(8 * one);
  }

  private static long of(long batch) {
    Graph made = new Graph("a batch");
    Tensor x = made.input(batch, 4, 8, 8);
    Tensor h = made.scope().groupNorm("norm", x, 2, 1e-5).silu();
    made.returns(made.scope().conv2d("conv", h, 4, 3, 1).plus(x));
    return LiveMemory.peakBytes(Target.cuda(Dtype.FLOAT32).apply(made), Dtype.FLOAT32);
  }

  private long peak(Tensor result) {
    graph.returns(result);
    return LiveMemory.peakBytes(graph, Dtype.FLOAT16);
  }
}
