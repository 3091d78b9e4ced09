package io.sparkdiffusion.spark.plan;

import io.sparkdiffusion.config.BatchSize;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;

/**
 * How many images a run puts into a batch at most: the number that was given, or for each batch key
 * as many as the run has use for. A device whose memory holds fewer makes smaller ones of them.
 *
 * @param planned by batch key; keys that are missing take what is asked for
 */
public record BatchSizes(BatchSize asked, Map<String, Integer> planned) implements Serializable {

  /** Keeps a copy that can be sent. */
  public BatchSizes {
    planned = new HashMap<>(planned);
  }

  /** Where nobody knows how many images there are. */
  public static BatchSizes of(BatchSize asked) {
    return new BatchSizes(asked, Map.of());
  }

  /** The images of a batch with this key, at most. */
  public int of(String batchKey) {
    return planned.getOrDefault(batchKey, of(asked, Long.MAX_VALUE, 1));
  }

  /**
   * So many images on so many slots: where the number is left open, every slot gets work before
   * batches grow, by powers of two, so that batches of all devices fill each other.
   */
  static int of(BatchSize asked, long images, int slots) {
    if (asked instanceof BatchSize.Fixed fixed) {
      return fixed.images();
    }
    long each = Math.min(BatchSize.MOST, (images - 1) / slots + 1);
    return Integer.highestOneBit(2 * (int) Math.max(1, each) - 1);
  }
}
