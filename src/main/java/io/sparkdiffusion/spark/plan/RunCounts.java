package io.sparkdiffusion.spark.plan;

import java.util.Map;
import java.util.TreeMap;

/**
 * What became of a run's images.
 *
 * @param total images asked for; a row that asks for nothing possible counts as one
 * @param generated images made by this run
 * @param skipped images that were there before
 * @param failed requests without an image
 * @param truncated images whose prompt or negative prompt was longer than the encoder reads
 * @param unread images whose texts say weights that {@code prompt_syntax=plain} has drawn as words
 * @param failures how many images failed for each reason
 */
public record RunCounts(
    long total,
    long generated,
    long skipped,
    long failed,
    long truncated,
    long unread,
    Map<String, Long> failures) {

  public static final RunCounts NONE = new RunCounts(0, 0, 0, 0, 0, 0, Map.of());

  /** Keeps a sorted copy of the reasons. */
  public RunCounts {
    failures = new TreeMap<>(failures);
  }
}
