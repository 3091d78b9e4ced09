package io.sparkdiffusion.config;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Gathers problems so that all of them are reported together. */
public final class Problems {

  private final Set<Problem> all = new LinkedHashSet<>();
  private boolean saysFix = true;

  /** Notes a problem in one line. */
  public void add(String problem) {
    add(Problem.line(problem));
  }

  /** Notes what others have found. */
  public void add(ProblemsException found) {
    all.addAll(found.all());
    saysFix &= found.saysFix();
  }

  /** Notes that a setting's value breaks a rule, unless it holds. */
  public void require(boolean holds, String key, String rule, Object actual) {
    if (!holds) {
      add(Problem.ofSetting("use", key, rule, Shown.value(actual)));
    }
  }

  /** Notes that a setting's value is not of its type. */
  void addUnread(String key, String rule, String actual) {
    add(Problem.ofSetting("read", key, rule, Shown.text(actual)));
  }

  private void add(Problem problem) {
    all.add(problem);
    saysFix = false;
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
    return all.stream().map(Problem::toString).toList();
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
    if (!all.isEmpty()) {
      throw new ProblemsException(List.copyOf(all), saysFix);
    }
  }
}
