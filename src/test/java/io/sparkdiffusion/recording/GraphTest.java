package io.sparkdiffusion.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.GraphException;
import io.sparkdiffusion.graph.Scope;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.graph.Tensor;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GraphTest {

  @Test
  void layersAskForWeightsByTheNamesOfTheirPlace() {
    Graph graph = new Graph("layers");
    Scope scope = graph.scope().sub("blocks", 3).sub("part");
    Tensor image = graph.input(1, 4, 2, 2);
    scope.conv2d("conv", image, 6, 3, 1);
    scope.groupNorm("norm", image, 2, 1e-5);
    scope.layerNorm("last", image, 1e-5);
    scope.linear("fc", image, 5);
    scope.linearNoBias("bare", image, 7);

    assertThat(graph.weights())
        .containsExactly(
            Map.entry("blocks.3.part.conv.weight", Shape.of(6, 4, 3, 3)),
            Map.entry("blocks.3.part.conv.bias", Shape.of(6)),
            Map.entry("blocks.3.part.norm.weight", Shape.of(4)),
            Map.entry("blocks.3.part.norm.bias", Shape.of(4)),
            Map.entry("blocks.3.part.last.weight", Shape.of(2)),
            Map.entry("blocks.3.part.last.bias", Shape.of(2)),
            Map.entry("blocks.3.part.fc.weight", Shape.of(5, 2)),
            Map.entry("blocks.3.part.fc.bias", Shape.of(5)),
            Map.entry("blocks.3.part.bare.weight", Shape.of(7, 2)));
  }

  @Test
  void oneWeightHasOneShape() {
    Graph graph = new Graph("a network");
    graph.scope().weight("w", 2, 3);
    graph.scope().weight("w", 2, 3);

    assertThat(graph.weights()).containsExactly(Map.entry("w", Shape.of(2, 3)));
    assertThatThrownBy(() -> graph.scope().weight("w", 3, 2))
        .isInstanceOf(GraphException.class)
        .hasMessageMatching(
            "Cannot record weight w: its shape must be the same everywhere \\(\\[2, 3] and \\[3,"
                + " 2]\\), asked for at GraphTest.java:\\d+");
  }

  @Test
  void aGraphWithoutAResultIsRefused() {
    assertThatThrownBy(new Graph("nothing")::result)
        .isInstanceOf(GraphException.class)
        .hasMessage("Cannot compile nothing: it must return a tensor (none)");
  }
}
