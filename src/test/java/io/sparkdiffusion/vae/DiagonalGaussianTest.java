package io.sparkdiffusion.vae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Tensor;
import io.sparkdiffusion.kernel.Interpreter;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DiagonalGaussianTest {

  /** Diffusers keeps the logarithm of the variance between -30 and 20. */
  @ParameterizedTest
  @CsvSource({
    "3, 0, 2, 5",
    "3, 1.3862944, -2, -1",
    "0, 20, 1, 22026.465",
    "0, 21, 1, 22026.465",
    "0, -30, 1e6, 0.3059023",
    "0, -31, 1e6, 0.3059023"
  })
  void samplesAreMeanAndDeviationTimesNoise(
      float mean, float logVariance, float noise, float expected) {
    Graph graph = new Graph("a sample");
    Tensor moments = graph.input(1, 2, 1, 1);
    graph.returns(DiagonalGaussian.of(moments).sample(graph.input(1, 1, 1, 1)));

    float[] sample =
        Interpreter.run(graph, Map.of(), new float[] {mean, logVariance}, new float[] {noise});

    assertThat(sample).hasSize(1);
    assertThat(sample[0]).isCloseTo(expected, within(1e-5f * Math.abs(expected)));
  }
}
