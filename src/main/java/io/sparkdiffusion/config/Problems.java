package io.sparkdiffusion.config;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Gathers problems so that all of them are reported together. */
final class Problems {

  private final Set<String> lines = new LinkedHashSet<>();

  void add(String problem) {
    lines.add(problem);
  }

  /** Notes that a setting's value breaks a rule, unless it holds. */
  void require(boolean holds, String key, String rule, Object actual) {
    if (!holds) {
      add("Cannot use " + key + ": " + rule + " (" + Shown.value(actual) + ")");
    }
  }

  /** What the supplier makes, or nothing where it reports problems, which are kept. */
  <T> Optional<T> gather(Supplier<T> supplier) {
    try {
      return Optional.of(supplier.get());
    } catch (ProblemsException e) {
      lines.addAll(e.problems());
      return Optional.empty();
    }
  }

  void throwIfAny() {
    if (!lines.isEmpty()) {
      throw new ProblemsException(List.copyOf(lines));
    }
  }
}
