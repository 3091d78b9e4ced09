package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.graph.Shape;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * In what a network's stored weights differ from those that it asks for. Some of a kind are told
 * one by one; many have one cause and are one line.
 */
final class WeightDifferences {

  private static final int MOST_TOLD = 5;

  private final NetworkFiles network;
  private final Map<Kind, List<Difference>> byKind = new EnumMap<>(Kind.class);

  /** A kind of difference, as a sentence about one weight and about many. */
  private enum Kind {
    TWICE("take", "it must be stored once", "each must be stored once"),
    MISSING("find", "the network needs it", "the network needs them"),
    UNKNOWN("place", "the network has no such weight", "the network has no such weights"),
    SHAPE("take", "its shape must be %s", "their shapes must be those of the network"),
    TYPE("take", "its type must be F32, F16 or BF16", "their types must be F32, F16 or BF16"),
    SIZE("take", "it must be below 2 GiB", "each must be below 2 GiB");

    private final String verb;
    private final String rule;
    private final String ruleOfMany;

    Kind(String verb, String rule, String ruleOfMany) {
      this.verb = verb;
      this.rule = rule;
      this.ruleOfMany = ruleOfMany;
    }
  }

  private record Difference(String name, Object wanted, Object actual) {}

  WeightDifferences(NetworkFiles network) {
    this.network = network;
  }

  /** Two stored weights have the same name. */
  void twice(String name, String places) {
    add(Kind.TWICE, name, "", places);
  }

  /** One that the network asks for is not stored. */
  void missing(String name, Shape wanted) {
    add(Kind.MISSING, name, "", "shape " + wanted);
  }

  /** One is stored that the network does not have. */
  void unknown(String name, Shape stored) {
    add(Kind.UNKNOWN, name, "", "shape " + stored);
  }

  /** Compares one that is both asked for and stored. */
  void compare(String name, Shape wanted, StoredTensor stored) {
    if (!fits(stored.shape(), wanted)) {
      add(Kind.SHAPE, name, wanted, stored.shape());
    }
    if (!NetworkWeights.TYPES.containsKey(stored.type())) {
      add(Kind.TYPE, name, "", stored.type());
    }
    if (stored.bytes() > Integer.MAX_VALUE) {
      add(Kind.SIZE, name, "", stored.bytes());
    }
  }

  /** A matrix may be stored as a 1x1 convolution. */
  private static boolean fits(Shape stored, Shape wanted) {
    return stored.equals(wanted)
        || (wanted.rank() == 2
            && stored.rank() == 4
            && stored.equals(Shape.of(wanted.size(0), wanted.size(1), 1, 1)));
  }

  private void add(Kind kind, String name, Object wanted, Object actual) {
    byKind
        .computeIfAbsent(kind, none -> new ArrayList<>())
        .add(new Difference(name, wanted, actual));
  }

  /**
   * Ends the comparison.
   *
   * @throws ProblemsException with all differences
   */
  void throwIfAny() {
    List<String> lines = new ArrayList<>();
    byKind.forEach(
        (kind, all) -> {
          if (all.size() > MOST_TOLD) {
            lines.add(line(kind, all));
          } else {
            all.forEach(one -> lines.add(line(kind, one)));
          }
        });
    if (!lines.isEmpty()) {
      throw new ProblemsException(lines);
    }
  }

  private String line(Kind kind, Difference one) {
    return "Cannot %s weight %s of %s: %s (%s)"
        .formatted(
            kind.verb,
            Shown.text(one.name()),
            network,
            kind.rule.formatted(one.wanted()),
            kind == Kind.TWICE ? one.actual() : Shown.value(one.actual()));
  }

  private String line(Kind kind, List<Difference> all) {
    List<String> named = all.stream().map(one -> one.name() + " " + one.actual()).toList();
    return "Cannot %s %s weights of %s: %s (%s)"
        .formatted(kind.verb, all.size(), network, kind.ruleOfMany, Shown.some(named));
  }
}
