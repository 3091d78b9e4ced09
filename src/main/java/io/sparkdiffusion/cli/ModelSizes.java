package io.sparkdiffusion.cli;

import io.sparkdiffusion.family.Component;
import io.sparkdiffusion.family.ModelCheck;
import io.sparkdiffusion.weights.NetworkWeights;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How many numbers a model's networks are, and how much memory they take. */
final class ModelSizes {

  private static final String ROW = "%-14s%16s%16s  %s";
  private static final long MIB = 1L << 20;

  private ModelSizes() {}

  /** A table of the networks whose weights fit, and the memory that they need together. */
  static List<String> lines(ModelCheck check) {
    List<String> lines = new ArrayList<>();
    if (check.weights().isEmpty()) {
      return lines;
    }
    lines.add("");
    lines.add(ROW.formatted("part", "parameters", "used", "stored as"));
    long stored = 0;
    long used = 0;
    for (Component component : check.weights().keySet()) {
      NetworkWeights weights = check.weights().get(component);
      lines.add(
          row(
              component.folder(),
              weights.storedParameters(),
              used(weights),
              String.join(", ", weights.parametersByType().keySet())));
      stored += weights.storedParameters();
      used += used(weights);
    }
    if (check.weights().size() == Component.values().length) {
      lines.add(row("all", stored, used, "").stripTrailing());
      lines.add("");
      lines.add(memory(used));
    }
    return lines;
  }

  private static String row(String part, long stored, long used, String types) {
    return String.format(Locale.ROOT, ROW, part, grouped(stored), grouped(used), types);
  }

  private static String grouped(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  private static long used(NetworkWeights weights) {
    return weights.parametersByType().values().stream().mapToLong(Long::longValue).sum();
  }

  private static String memory(long used) {
    String half = size(2 * used);
    return "Memory for the weights: %s in float32, %s in bfloat16, %s in float16 (on a GPU); a batch"
            .formatted(size(4 * used), half, half)
        + " takes more";
  }

  private static String size(long bytes) {
    return bytes < 1024 * MIB
        ? String.format(Locale.ROOT, "%.1f MiB", (double) bytes / MIB)
        : String.format(Locale.ROOT, "%.2f GiB", (double) bytes / (1024 * MIB));
  }
}
