package io.sparkdiffusion.torch;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * A graph as a TorchScript class, in the form that libtorch's archives hold: a line for each node.
 */
final class TorchScript {

  private final Graph graph;
  private final Map<Node, String> variables = new HashMap<>();
  private final Set<String> methods = new LinkedHashSet<>();
  private final StringBuilder lines = new StringBuilder();
  private int written;

  private TorchScript(Graph graph) {
    this.graph = graph;
  }

  /**
   * The class that computes a graph.
   *
   * @throws io.sparkdiffusion.graph.GraphException where it returns nothing
   */
  static String of(Graph graph) {
    return new TorchScript(graph).text();
  }

  private String text() {
    Node result = graph.result();
    graph.nodes().forEach(this::write);
    StringBuilder text = new StringBuilder(ScriptArchive.CLASS_HEADER);
    text.append("  def forward(self: __torch__.M");
    for (int i = 0; i < graph.inputs().size(); i++) {
      text.append(",\n    input").append(i).append(": Tensor");
    }
    text.append(") -> Tensor:\n    weights = self.weights\n").append(lines);
    text.append("    return torch.contiguous(").append(variable(result)).append(")\n");
    methods.forEach(text::append);
    return text.toString();
  }

  private void write(Node node) {
    if (node.is(Op.INPUT)) {
      variables.put(node, "input" + node.integer("index"));
      return;
    }
    ScriptMethods.of(node).ifPresent(methods::add);
    String variable = "x" + written++;
    lines.append("    %s = %s\n".formatted(variable, Expressions.of(node, this::variable)));
    variables.put(node, variable);
  }

  private String variable(Node node) {
    return Objects.requireNonNull(variables.get(node), node::toString);
  }
}
