package io.sparkdiffusion.config;

import io.sparkdiffusion.request.VaeTiling;
import java.io.Serializable;

/**
 * How images are computed.
 *
 * @param device {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:N}
 * @param weightsDtype {@code auto} stands for the other one's; both for the device's choice
 * @param perDeviceBatchSize images in a batch
 * @param libtorchPath a PyTorch on each executor whose libtorch computes; empty: the usual one
 * @param large what large images are where {@code vae_tiling=auto}
 */
public record ExecutionConfig(
    String device,
    Precision weightsDtype,
    Precision activationsDtype,
    BatchSize perDeviceBatchSize,
    String libtorchPath,
    VaeTiling.Large large)
    implements Serializable {

  /** What a configuration says; what large images are is the devices' to say. */
  public ExecutionConfig(
      String device,
      Precision weightsDtype,
      Precision activationsDtype,
      BatchSize perDeviceBatchSize,
      String libtorchPath) {
    this(
        device,
        weightsDtype,
        activationsDtype,
        perDeviceBatchSize,
        libtorchPath,
        VaeTiling.Large.WHOLE);
  }

  /** Checks the values. */
  public ExecutionConfig {
    Problems problems = new Problems();
    problems.require(
        device.matches("auto|cpu|cuda(:\\d{1,4})?"),
        "device",
        "it must be auto, cpu, cuda or cuda:N",
        device);
    problems.require(
        weightsDtype == activationsDtype
            || weightsDtype == Precision.AUTO
            || activationsDtype == Precision.AUTO,
        "weights_dtype and activations_dtype",
        "they must be equal, set both to the same",
        weightsDtype.label() + " and " + activationsDtype.label());
    problems.require(
        given(weightsDtype, activationsDtype) != Precision.FLOAT16 || !device.equals("cpu"),
        "weights_dtype",
        "float16 needs a GPU, libtorch's CPU kernels for it are slow or missing; use bfloat16 or"
            + " float32, or device=cuda",
        "float16 with device=cpu");
    problems.require(
        !(perDeviceBatchSize instanceof BatchSize.Fixed fixed) || fixed.images() >= 1,
        "per_device_batch_size",
        "it must be 1 or more, or auto",
        perDeviceBatchSize);
    problems.require(
        libtorchPath.indexOf('\0') < 0 && !libtorchPath.matches("[a-z0-9]+://.*"),
        "libtorch_path",
        "it must be a folder on each executor; an archive elsewhere comes by spark-submit's"
            + " --archives URL#NAME, with libtorch_path=./NAME",
        libtorchPath);
    problems.throwIfAny();
  }

  /** One number format, batches of one size, and the usual libtorch. */
  public ExecutionConfig(String device, Precision dtype, int perDeviceBatchSize) {
    this(device, dtype, dtype, new BatchSize.Fixed(perDeviceBatchSize), "");
  }

  private static Precision given(Precision weights, Precision activations) {
    return weights == Precision.AUTO ? activations : weights;
  }

  /** The one number format, weights and activations have the same; perhaps still {@code AUTO}. */
  public Precision askedDtype() {
    return given(weightsDtype, activationsDtype);
  }

  /**
   * The one number format, once it is settled.
   *
   * @throws IllegalStateException where it is not: an image's hash would say nothing
   */
  public Precision dtype() {
    if (askedDtype() == Precision.AUTO) {
      throw new IllegalStateException("the number format must be settled first (auto)");
    }
    return askedDtype();
  }

  /** Whether the devices are to say something yet. */
  public boolean isOpen() {
    return askedDtype() == Precision.AUTO
        || perDeviceBatchSize instanceof BatchSize.Auto
        || device.equals("auto");
  }

  /** The same with what the devices have said. */
  public ExecutionConfig settled(
      Precision dtype, BatchSize batchSize, VaeTiling.Large largeImages) {
    return new ExecutionConfig(device, dtype, dtype, batchSize, libtorchPath, largeImages);
  }

  /**
   * The same on a device that is known, for instance where {@code auto} has been settled.
   *
   * @throws ProblemsException where the device cannot compute in this number format
   */
  public ExecutionConfig on(String actualDevice) {
    return new ExecutionConfig(
        actualDevice, weightsDtype, activationsDtype, perDeviceBatchSize, libtorchPath, large);
  }
}
