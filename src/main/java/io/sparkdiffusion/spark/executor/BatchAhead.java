package io.sparkdiffusion.spark.executor;

/**
 * Whether a task's next batch is made while it encodes and writes the rows of the last one. On a
 * GPU it is: else that would wait for the host. On a CPU the networks have all cores, so that
 * nothing is gained, and the heap would hold a batch more.
 */
final class BatchAhead {

  /** The system property that chooses for an executor: {@code on} or {@code off}. */
  static final String PROPERTY = "sparkdiffusion.ahead";

  private BatchAhead() {}

  /** Whether tasks on this device do so. */
  static boolean isTaken(String device) {
    String chosen = System.getProperty(PROPERTY, device.equals("cpu") ? "off" : "on");
    return switch (chosen) {
      case "on" -> true;
      case "off" -> false;
      default ->
          throw new IllegalArgumentException(
              "Cannot work ahead: %s must be on or off (%s)".formatted(PROPERTY, chosen));
    };
  }
}
