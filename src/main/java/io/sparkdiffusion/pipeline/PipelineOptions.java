package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.graph.Dtype;
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
    String device, String dtype, int batchSize, Map<String, Object> schedulerOverrides) {

  /**
   * What networks compute in.
   *
   * @throws ProblemsException where the device is no good at it
   */
  Dtype compute() {
    Dtype compute = Dtype.ofCompute(dtype);
    if (compute == Dtype.FLOAT16 && device.equals("cpu")) {
      throw new ProblemsException(
          "Cannot compute in float16 on a CPU: its convolutions are some 90 times slower than in"
              + " float32, use bfloat16 or float32 (activations_dtype=float16)");
    }
    return compute;
  }
}
