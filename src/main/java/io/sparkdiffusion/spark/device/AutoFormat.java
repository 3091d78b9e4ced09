package io.sparkdiffusion.spark.device;

import io.sparkdiffusion.config.Precision;
import io.sparkdiffusion.torch.CudaDevice;
import java.util.List;
import java.util.Optional;

/**
 * The number format that a device takes where nobody has chosen one: the fastest in which any model
 * gives images.
 *
 * <p>A CPU takes float32: which of its formats is fast is a matter of the processor, and images
 * shall be the same on all. Of GPUs those since Volta multiply matrices of 16 bits on units of
 * their own, at 8 to 16 times the rate of float32. Where both formats run, bfloat16 is taken: it
 * has float32's range, so that no model and no prompt gives infinities, which make an image a
 * failed row; Stable Diffusion 2.1 does so in float16 wherever scores of attention are rounded to
 * it. float16 has three more bits of mantissa and an error that is some eight times smaller: where
 * a model stays in its range, which {@code tools/gpu} tells, it is the better choice to make by
 * hand.
 */
public final class AutoFormat {

  /**
   * What GPUs take from a compute capability's major number on (CUDA C++ Programming Guide, Compute
   * Capabilities): tensor cores have bfloat16 since Ampere, float16 since Volta; Pascal and older
   * have none, and most of them compute float16 at a 64th of float32's rate.
   */
  private static final List<Row> TABLE =
      List.of(new Row(8, Precision.BFLOAT16), new Row(7, Precision.FLOAT16));

  private record Row(int major, Precision format) {}

  private AutoFormat() {}

  /** A device's format; no GPU, or one of which nothing is known, takes float32. */
  public static Precision of(Optional<CudaDevice> gpu) {
    int major = gpu.map(CudaDevice::major).orElse(0);
    return TABLE.stream()
        .filter(row -> major >= row.major())
        .map(Row::format)
        .findFirst()
        .orElse(Precision.FLOAT32);
  }
}
