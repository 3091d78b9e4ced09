package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.request.ImageRequest;
import java.util.List;

/**
 * Texts that are encoded together before their images are made: on a CPU, whose text encoder comes
 * and goes between images.
 */
public interface TextsAhead {

  /** How many images it wants to know at a time, the next one included. */
  int images();

  /** Encodes the texts of images that come next; those that are known already cost nothing. */
  void encode(List<ImageRequest> soon);
}
