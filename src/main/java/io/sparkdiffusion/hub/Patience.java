package io.sparkdiffusion.hub;

import java.time.Duration;

/**
 * How long a download waits.
 *
 * @param tries how often a request is made that fails for reasons that may pass, and a download is
 *     gone on with of which nothing more comes
 * @param firstWait before the second try; each further one is twice as long
 * @param longestWait of all that a server may ask for
 * @param answer for the beginning of an answer
 * @param silence for more of one
 */
record Patience(
    int tries, Duration firstWait, Duration longestWait, Duration answer, Duration silence) {

  /** Rate limits of the hub count in windows of five minutes. */
  static Patience usual(Duration answer, Duration silence) {
    return new Patience(5, Duration.ofSeconds(1), Duration.ofMinutes(5), answer, silence);
  }

  /** Before the try after this one, counted from 1. */
  Duration after(int tried) {
    return firstWait.multipliedBy(1L << Math.min(tried - 1, 3));
  }
}
