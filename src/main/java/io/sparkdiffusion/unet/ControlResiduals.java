package io.sparkdiffusion.unet;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * What ControlNets add to a UNet's skips, the first one first, and to its lowest level: all in one
 * tensor (R, N) float32, so that those of several networks are summed in one operation.
 */
final class ControlResiduals {

  private ControlResiduals() {}

  /** Residuals (R, C, H, W) of any sizes behind one another: (R, N). */
  static Tensor joined(List<Tensor> residuals) {
    return Tensor.cat(
            1,
            residuals.stream()
                .map(residual -> residual.reshape(residual.size(0), count(residual)))
                .toArray(Tensor[]::new))
        .to(Dtype.FLOAT32);
  }

  /** How many numbers there are for each of R rows beside tensors (R, C, H, W). */
  static long counted(List<Tensor> controlled) {
    return controlled.stream().mapToLong(ControlResiduals::count).sum();
  }

  /** Each of these tensors plus its residual; their order is that of {@link #joined}. */
  static List<Tensor> added(List<Tensor> controlled, Tensor residuals, Dtype dtype) {
    List<Tensor> sums = new ArrayList<>();
    long start = 0;
    for (Tensor tensor : controlled) {
      long count = count(tensor);
      Tensor own = residuals.narrow(1, start, count).reshape(tensor.shape().sizes());
      sums.add(tensor.plus(own.to(dtype)));
      start += count;
    }
    return sums;
  }

  private static long count(Tensor tensor) {
    return tensor.shape().count() / tensor.size(0);
  }
}
