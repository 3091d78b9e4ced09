package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sparkdiffusion.graph.Attention;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Tensor;
import io.sparkdiffusion.kernel.Target;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every kernel of attention beside the formula in double precision. */
class AttentionTest {

  private static final int HEADS = 2;
  private static final int WIDTH = 8;

  /** One and a part of a block of queries, more keys than go through at once, and fewer. */
  @ParameterizedTest
  @CsvSource({"700, 700, 1", "513, 77, 2", "40, 40, 2", "1, 512, 1"})
  void productsOfMatricesGiveWhatTheFormulaSays(int queries, int keys, int batch) {
    Random random = new Random(queries);
    float[] query = values(random, batch * queries);
    float[] key = values(random, batch * keys);
    float[] value = values(random, batch * keys);
    double[] expected = attention(query, key, value, batch, queries, keys);
    for (Target.Kernels kernels : Target.Kernels.values()) {
      for (Attention.Kind kind :
          new Attention.Kind[] {Attention.Kind.FULL, Attention.Kind.FULL_ROUNDED}) {
        float[] actual =
            Evaluation.of(
                graph(new Target(Dtype.BFLOAT16, kernels), kind, batch, queries, keys),
                query,
                key,
                value);
        for (int i = 0; i < actual.length; i++) {
          // bfloat16 has 8 bits: scores up to 4 are rounded by up to 1/128, so weights by 1 %.
          assertThat((double) actual[i])
              .as("%s %s %d", kernels, kind, i)
              .isCloseTo(expected[i], within(0.02));
        }
      }
    }
  }

  private static Graph graph(Target target, Attention.Kind kind, int batch, int queries, int keys) {
    Graph graph = new Graph("attention");
    Tensor query = graph.input(batch, HEADS, queries, WIDTH).to(target.dtype());
    Tensor key = graph.input(batch, HEADS, keys, WIDTH).to(target.dtype());
    Tensor value = graph.input(batch, HEADS, keys, WIDTH).to(target.dtype());
    return target.apply(graph.returns(Attention.of(query, key, value, kind).to(Dtype.FLOAT32)));
  }

  /** Numbers that bfloat16 holds exactly. */
  private static float[] values(Random random, int tokens) {
    float[] values = new float[tokens * HEADS * WIDTH];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt(-32, 33) / 32f;
    }
    return values;
  }

  private static double[] attention(
      float[] query, float[] key, float[] value, int batch, int queries, int keys) {
    double[] result = new double[query.length];
    for (int head = 0; head < batch * HEADS; head++) {
      for (int q = 0; q < queries; q++) {
        int at = (head * queries + q) * WIDTH;
        double sum = 0;
        double[] mixed = new double[WIDTH];
        for (int k = 0; k < keys; k++) {
          int to = (head * keys + k) * WIDTH;
          double score = 0;
          for (int i = 0; i < WIDTH; i++) {
            score += query[at + i] * (double) key[to + i];
          }
          double weight = Math.exp(score / Math.sqrt(WIDTH));
          sum += weight;
          for (int i = 0; i < WIDTH; i++) {
            mixed[i] += weight * value[to + i];
          }
        }
        for (int i = 0; i < WIDTH; i++) {
          result[at + i] = mixed[i] / sum;
        }
      }
    }
    return result;
  }
}
