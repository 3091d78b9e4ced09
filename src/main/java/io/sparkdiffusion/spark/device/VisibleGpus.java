package io.sparkdiffusion.spark.device;

import io.sparkdiffusion.torch.CudaDevice;
import java.util.Optional;

/** The GPUs that a JVM may use, in the order in which {@code cuda:N} counts them. */
public interface VisibleGpus {

  /** How many there are. */
  int gpuCount();

  /** What the driver says of one; empty where no driver can be asked. */
  default Optional<CudaDevice> gpu(int index) {
    return Optional.empty();
  }
}
