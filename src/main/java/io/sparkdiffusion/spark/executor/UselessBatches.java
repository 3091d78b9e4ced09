package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.pipeline.ImageResult;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Counts the batches in a row of which a device has made no finite number. One image that is NaN is
 * its prompt's or its model's; some whole batches with nothing good between them may be a broken
 * GPU's, which another one can show.
 */
final class UselessBatches {

  private static final int MOST_BATCHES = 3;
  private static final int MOST_IMAGES = 16;

  private final Set<String> failed = new HashSet<>();
  private int batches;
  private int images;

  /**
   * Which try of which work a task is.
   *
   * @param work the same for all tries of it in a run
   * @param number from 0
   */
  record Attempt(String work, int number) {}

  /** Counts a batch; whether there have been too many like it. */
  synchronized boolean areTooMany(List<ImageResult> results) {
    boolean isUseless = results.stream().allMatch(UselessBatches::isNotFinite);
    batches = isUseless ? batches + 1 : 0;
    images = isUseless ? images + results.size() : 0;
    return batches >= MOST_BATCHES && images >= MOST_IMAGES;
  }

  /**
   * Whether a task that gives nothing shall fail, for Spark to try it on another device: the first
   * attempt, and the second where the first failed here too. Spark gives it to the executor that it
   * has just failed on, which is free, and bars that from it after two.
   */
  synchronized boolean shallFail(Attempt attempt) {
    boolean isNew = failed.add(attempt.work());
    return attempt.number() == 0 || (attempt.number() == 1 && !isNew);
  }

  private static boolean isNotFinite(ImageResult result) {
    return result instanceof ImageResult.Failed failed && failed.isNotFinite();
  }
}
