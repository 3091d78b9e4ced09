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
import org.junit.jupiter.params.provider.ValueSource;

/** Small networks mean the same before and after each pass of each target. */
class PassesAgreeTest {

  @ParameterizedTest
  @EnumSource(Target.Kernels.class)
  void networksAreTheSameAfterEachPass(Target.Kernels kernels) {
    agree(new Target(Dtype.BFLOAT16, kernels));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "group_norm=moments,shortcut=product,attention=math",
        "group_norm=channels_first,attention=flash,deterministic=off"
      })
  void networksAreTheSameByEachChoiceOfAGpusKernels(String chosen) {
    agree(Target.cuda(Dtype.BFLOAT16, CudaKernels.parse(chosen)));
  }

  private static void agree(Target target) {
    for (SmallNetworks.Case small : SmallNetworks.all(Dtype.BFLOAT16)) {
      Map<String, float[]> weights = RandomWeights.of(small.graph());
      Graph graph = small.graph();
      float[] expected = Interpreter.run(graph, weights, small.inputs());
      Map<String, Integer> nodes = new LinkedHashMap<>();
      for (Pass pass : target.passes()) {
        Graph before = graph;
        graph = pass.apply(before);
        if (graph == before) {
          continue; // nothing for this pass
        }
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
