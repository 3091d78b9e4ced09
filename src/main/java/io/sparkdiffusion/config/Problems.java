package io.sparkdiffusion.config;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Gathers problems so that all of them are reported together. */
public final class Problems {

  private final Set<String> lines = new LinkedHashSet<>();
  private boolean saysFix = true;

  /** Notes a problem in one line. */
  public void add(String problem) {
    lines.add(problem);
    saysFix = false;
  }

  /** Notes what others have found. */
  public void add(ProblemsException found) {
    lines.addAll(found.problems());
    saysFix &= found.saysFix();
  }

  /** Notes that a setting's value breaks a rule, unless it holds. */
  public void require(boolean holds, String key, String rule, Object actual) {
    if (!holds) {
      add("Cannot use " + key + ": " + rule + " (" + Shown.value(actual) + ")");
    }
  }

  /** What the supplier makes, or nothing where it reports problems, which are kept. */
  public <T> Optional<T> gather(Supplier<T> supplier) {
    try {
      return Optional.of(supplier.get());
    } catch (ProblemsException e) {
      add(e);
      return Optional.empty();
    }
  }

  /** Notes what a check reports. */
  public void check(Runnable check) {
    gather(
        () -> {
          check.run();
          return true;
        });
  }

  /** What was noted, each problem once. */
  public List<String> lines() {
    return List.copyOf(lines);
  }

  /** Whether every line itself says what to do. */
  public boolean saysFix() {
    return saysFix;
  }

  /**
   * Ends what cannot go on.
   *
   * @throws ProblemsException with all that was noted, each once
   */
  public void throwIfAny() {
    if (!lines.isEmpty()) {
      throw new ProblemsException(lines(), saysFix);
    }
  }
}
