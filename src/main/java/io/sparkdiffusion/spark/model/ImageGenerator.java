package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.metadata.Provenance;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.pipeline.InputPixels;
import io.sparkdiffusion.pipeline.PipelineTimes;
import io.sparkdiffusion.request.BatchKey;
import io.sparkdiffusion.request.ImageRequest;
import java.util.List;
import java.util.Optional;

/** Makes the images of batches on one device; tasks share it. */
public interface ImageGenerator extends AutoCloseable {

  /**
   * Makes the images of one batch.
   *
   * @param requests one full batch or less, all with the same {@link ImageRequest#batchKey()}
   * @param batchSize the size that the batch is padded to
   * @return one result for each request, in order
   * @throws io.sparkdiffusion.torch.OutOfDeviceMemoryException where such a batch does not fit; the
   *     generator can be used further
   */
  List<ImageResult> generate(List<ImageRequest> requests, int batchSize);

  /**
   * The same of images with input images.
   *
   * @param given the pixels of those, asked for while this runs; who has no use for them need not
   */
  default List<ImageResult> generate(
      List<ImageRequest> requests, InputPixels given, int batchSize) {
    return generate(requests, batchSize);
  }

  /** How it encodes the texts of coming images together; empty where that gains nothing. */
  default Optional<TextsAhead> textsAhead() {
    return Optional.empty();
  }

  /**
   * How many such images go through the networks together, before any batch was too large: what was
   * asked for, or what the device's memory holds.
   */
  default int batchSize(BatchKey key) {
    return computation().batchSize();
  }

  /** Where the time went, so far. */
  PipelineTimes times();

  /** The device and how it is used, with the batch size that it begins with. */
  Provenance.Computation computation();

  /** The software that makes the images. */
  Provenance.Versions versions();

  @Override
  void close();
}
