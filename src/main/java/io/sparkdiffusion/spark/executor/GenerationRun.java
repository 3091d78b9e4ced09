package io.sparkdiffusion.spark.executor;

import java.io.Serializable;

/**
 * What every task of a run knows.
 *
 * @param device the setting: {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:N}
 * @param batchSize the fixed number of pictures in a batch
 */
public record GenerationRun(
    String runId, Model model, String device, int batchSize, PictureStore store)
    implements Serializable {}
