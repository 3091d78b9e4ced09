package io.sparkdiffusion.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.testing.SmallNetworks;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Small networks mean the same before and after each pass of each target. */
class PassesAgreeTest {

  @ParameterizedTest
  @EnumSource(Target.Kernels.class)
  void networksAreTheSameAfterEachPass(Target.Kernels kernels) {
    for (SmallNetworks.Case small : SmallNetworks.all(Dtype.BFLOAT16)) {
      Map<String, float[]> weights = RandomWeights.of(small.graph());
      Graph graph = small.graph();
      float[] expected = Interpreter.run(graph, weights, small.inputs());
      Map<String, Integer> nodes = new LinkedHashMap<>();
      for (Pass pass : new Target(Dtype.BFLOAT16, kernels).passes()) {
        graph = pass.apply(graph);
        nodes.put(pass.name(), graph.nodes().size());
        // Numbers of the size of 1, some hundred roundings to 24 bits on their way.
        assertThat(Interpreter.run(graph, weights, small.inputs()))
            .as("%s after %s", graph.name(), nodes)
            .containsExactly(expected, within(2e-4f));
      }
      assertThat(graph.weights()).isEqualTo(small.graph().weights());
      assertThat(graph.resultShape()).isEqualTo(small.graph().resultShape());
    }
  }
}
