package io.sparkdiffusion.pipeline;

import java.util.Map;

/**
 * How a pipeline is loaded.
 *
 * @param device {@code cpu}, {@code cuda} or {@code cuda:N}
 * @param dtype {@code float32}, {@code bfloat16} or, on a GPU, {@code float16}
 * @param batchSize the fixed number of images in every UNet and VAE batch; smaller ones are padded
 * @param schedulerOverrides keys that win over the folder's {@code scheduler_config.json}
 */
public record PipelineOptions(
    String device, String dtype, int batchSize, Map<String, Object> schedulerOverrides) {}
