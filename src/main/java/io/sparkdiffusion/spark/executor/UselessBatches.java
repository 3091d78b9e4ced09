package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.pipeline.ImageResult;
import java.util.List;

/**
 * Counts the batches in a row of which a device has made no finite number. One image that is NaN is
 * its prompt's or its model's; some whole batches with nothing good between them may be a broken
 * GPU's, which another one can show.
 */
final class UselessBatches {

  private static final int MOST_BATCHES = 3;
  private static final int MOST_IMAGES = 16;

  private int batches;
  private int images;

  /** Counts a batch; whether there have been too many like it. */
  synchronized boolean areTooMany(List<ImageResult> results) {
    boolean isUseless = results.stream().allMatch(UselessBatches::isNotFinite);
    batches = isUseless ? batches + 1 : 0;
    images = isUseless ? images + results.size() : 0;
    return batches >= MOST_BATCHES && images >= MOST_IMAGES;
  }

  private static boolean isNotFinite(ImageResult result) {
    return result instanceof ImageResult.Failed failed && failed.isNotFinite();
  }
}
