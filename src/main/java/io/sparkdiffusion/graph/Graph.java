package io.sparkdiffusion.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * One forward pass while it is being recorded: inputs, the weights that it asks for, and a line of
 * TorchScript for each operation. All shapes are known, so that one graph serves one batch and
 * picture size; the weights are shared between graphs.
 */
public final class Graph {

  private final String name;
  private final Target target;
  private final List<Shape> inputs = new ArrayList<>();
  private final Map<String, Shape> weights = new LinkedHashMap<>();
  private final Map<String, Packing> packings = new LinkedHashMap<>();
  private final List<String> keptAsStored = new ArrayList<>();
  private final Map<String, String> weightNames = new HashMap<>();
  private final Set<String> readInParts = new HashSet<>();
  private final Set<String> methods = new LinkedHashSet<>();
  private final List<String> lines = new ArrayList<>();
  private String result = "";
  private Shape resultShape = Shape.of();

  /**
   * An empty graph of ATen's operators.
   *
   * @param name what is recorded, for messages
   */
  public Graph(String name) {
    this(name, Target.aten(Dtype.FLOAT32));
  }

  /**
   * An empty graph.
   *
   * @param name what is recorded, for messages
   * @param target decides which kernels are taken
   */
  public Graph(String name, Target target) {
    this.name = name;
    this.target = target;
  }

  Target target() {
    return target;
  }

  /** Declares the next input of {@code forward}. */
  public Tensor input(long... sizes) {
    Tensor input = new Tensor(this, "input" + inputs.size(), Shape.of(sizes));
    inputs.add(input.shape());
    return input;
  }

  /**
   * A weight by its name in the model files.
   *
   * @throws GraphException where the same name was asked for with another shape
   */
  Tensor weight(String weightName, Shape shape) {
    Shape known = weights.putIfAbsent(weightName, shape);
    if (known != null && !known.equals(shape)) {
      throw GraphException.cannot(
          "weight " + weightName, "its shape must be the same everywhere", known, shape);
    }
    Tensor weight = record(shape, stored(weightName));
    weightNames.put(weight.variable(), weightName);
    return weight;
  }

  /** How the script reads what the dictionary keeps under a name. */
  static String stored(String name) {
    return "weights[\"" + name + "\"]";
  }

  /** Whether the target wants a weight packed, which is noted with the input that it meets. */
  boolean packs(Tensor weight, Packing packing) {
    if (!target.isOneDnn() || !weightNames.containsKey(weight.variable())) {
      return false;
    }
    String weightName = weightName(weight);
    if (keptAsStored.stream().anyMatch(weightName::startsWith)) {
      return false;
    }
    packings.put(weightName, packing);
    return true;
  }

  /** Weights below a place are not packed, whatever the target. */
  void keepAsStored(String prefix) {
    keptAsStored.add(prefix);
  }

  String weightName(Tensor weight) {
    return Objects.requireNonNull(weightNames.get(weight.variable()));
  }

  /**
   * Takes back the reading of a weight whose parts the dictionary has.
   *
   * @return its name
   */
  String readInParts(Tensor weight) {
    String weightName = weightName(weight);
    readInParts.add(weightName);
    lines.set(lines.indexOf(line(weight.variable(), stored(weightName))), "");
    return weightName;
  }

  /** Whether a weight is read as it was put. */
  boolean readsWhole(String weightName) {
    return weights.containsKey(weightName) && !readInParts.contains(weightName);
  }

  /** The weights that this graph needs in oneDNN's layout, with the inputs that they meet. */
  public Map<String, Packing> packings() {
    return Collections.unmodifiableMap(packings);
  }

  /** The root of the weights' names. */
  public Scope scope() {
    return new Scope(this, "");
  }

  /** Appends one operation. */
  Tensor record(Shape shape, String expression) {
    String variable = "x" + lines.size();
    lines.add(line(variable, expression));
    return new Tensor(this, variable, shape);
  }

  private static String line(String variable, String expression) {
    return "    %s = %s".formatted(variable, expression);
  }

  /**
   * Appends a call of a method that the class then has.
   *
   * @param method its text
   */
  Tensor recordCall(Shape shape, String method, String call) {
    methods.add(method);
    return record(shape, "(self)." + call);
  }

  /** Says what {@code forward} returns, laid out contiguously. */
  public Graph returns(Tensor tensor) {
    result = "torch.contiguous(%s)".formatted(tensor.variable());
    resultShape = tensor.shape();
    return this;
  }

  /** What is recorded. */
  public String name() {
    return name;
  }

  /** The shapes of the inputs, in the order in which they were declared. */
  public List<Shape> inputs() {
    return List.copyOf(inputs);
  }

  /** The shape of the result. */
  public Shape resultShape() {
    return resultShape;
  }

  /** The weights asked for, in the order of their first use. */
  public Map<String, Shape> weights() {
    return Collections.unmodifiableMap(weights);
  }

  /** The recorded pass as a TorchScript class, in the form that libtorch's archives hold. */
  String script() {
    if (result.isEmpty()) {
      throw new GraphException("Cannot compile %s: it must return a tensor (none)".formatted(name));
    }
    StringBuilder text = new StringBuilder(ScriptArchive.CLASS_HEADER);
    text.append("  def forward(self: __torch__.M");
    for (int i = 0; i < inputs.size(); i++) {
      text.append(",\n    input").append(i).append(": Tensor");
    }
    text.append(") -> Tensor:\n    weights = self.weights\n");
    lines.forEach(line -> text.append(line).append('\n'));
    text.append("    return ").append(result).append('\n');
    methods.forEach(text::append);
    return text.toString();
  }
}
