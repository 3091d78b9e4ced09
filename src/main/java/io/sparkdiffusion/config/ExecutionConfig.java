package io.sparkdiffusion.config;

import java.io.Serializable;

/**
 * How images are computed.
 *
 * @param device {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:N}
 * @param perDeviceBatchSize the fixed number of images in a batch
 * @param libtorchPath a PyTorch on each executor whose libtorch computes; empty: the usual one
 */
public record ExecutionConfig(
    String device,
    Precision weightsDtype,
    Precision activationsDtype,
    int perDeviceBatchSize,
    String libtorchPath)
    implements Serializable {

  /** Checks the values. */
  public ExecutionConfig {
    Problems problems = new Problems();
    problems.require(
        device.matches("auto|cpu|cuda(:\\d{1,4})?"),
        "device",
        "it must be auto, cpu, cuda or cuda:N",
        device);
    problems.require(
        weightsDtype == activationsDtype,
        "weights_dtype and activations_dtype",
        "they must be equal, set both to the same",
        weightsDtype.label() + " and " + activationsDtype.label());
    problems.require(
        weightsDtype != Precision.FLOAT16 || !device.equals("cpu"),
        "weights_dtype",
        "float16 needs a GPU, libtorch's CPU kernels for it are slow or missing; use bfloat16 or"
            + " float32, or device=cuda",
        "float16 with device=cpu");
    problems.require(
        perDeviceBatchSize >= 1,
        "per_device_batch_size",
        "it must be 1 or more",
        perDeviceBatchSize);
    problems.require(
        libtorchPath.indexOf('\0') < 0 && !libtorchPath.matches("[a-z0-9]+://.*"),
        "libtorch_path",
        "it must be a folder on each executor; an archive elsewhere comes by spark-submit's"
            + " --archives URL#NAME, with libtorch_path=./NAME",
        libtorchPath);
    problems.throwIfAny();
  }

  /** With the usual libtorch. */
  public ExecutionConfig(
      String device, Precision weightsDtype, Precision activationsDtype, int perDeviceBatchSize) {
    this(device, weightsDtype, activationsDtype, perDeviceBatchSize, "");
  }

  /** The one number format; weights and activations have the same. */
  public Precision dtype() {
    return weightsDtype;
  }

  /**
   * The same on a device that is known, for instance where {@code auto} has been settled.
   *
   * @throws ProblemsException where the device cannot compute in this number format
   */
  public ExecutionConfig on(String actualDevice) {
    return new ExecutionConfig(
        actualDevice, weightsDtype, activationsDtype, perDeviceBatchSize, libtorchPath);
  }
}
