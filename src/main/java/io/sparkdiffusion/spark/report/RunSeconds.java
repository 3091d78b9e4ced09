package io.sparkdiffusion.spark.report;

/**
 * Where the time went. The first three are summed over executors.
 *
 * @param load reading weights and putting them on devices
 * @param compile compiling the networks and their first calls
 * @param inference making images, without loading and compiling
 * @param wall from the run's start to now, as a clock on the driver shows it
 */
public record RunSeconds(double load, double compile, double inference, double wall) {

  /** The time that devices were held for, summed over executors. */
  double onDevices() {
    return load + compile + inference;
  }
}
