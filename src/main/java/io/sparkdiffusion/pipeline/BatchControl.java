package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.request.ControlRange;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.util.ResourceStack;
import java.util.ArrayList;
import java.util.List;

/** What ControlNets are told for one batch, on the device, and what they answer. */
final class BatchControl implements AutoCloseable {

  private final ControlNets networks;
  private final ControlRange range;
  private final ResourceStack resources = new ResourceStack();
  private final List<DeviceTensor> images = new ArrayList<>();
  private final List<DeviceTensor> scales = new ArrayList<>();

  /** Of no network yet. */
  BatchControl(ControlNets networks, ControlRange range) {
    this.networks = networks;
    this.range = range;
  }

  /**
   * Adds a network; both are closed with this.
   *
   * @param image (B, 3, 8 H, 8 W) float32, 0 to 1
   * @param scale (B, 1)
   */
  void add(DeviceTensor image, DeviceTensor scale) {
    images.add(resources.push(image));
    scales.add(resources.push(scale));
  }

  /**
   * Whether the networks have a say in a step.
   *
   * @param step from 0
   * @param steps all calls of the UNet
   */
  boolean acts(int step, int steps) {
    return range.holds(step, steps);
  }

  /**
   * What the networks say to a step, added up (diffusers, MultiControlNetModel.forward).
   *
   * @param shape of the UNet's call
   * @param input what the UNet sees, (B, C, H, W), borrowed as the others
   * @param timestep (1)
   * @param embeddings (R, S, D)
   * @return (R, N) float32, which the caller closes
   */
  DeviceTensor residuals(
      Denoiser.UnetShape shape,
      DeviceTensor input,
      DeviceTensor timestep,
      DeviceTensor embeddings) {
    List<DeviceTensor> each = new ArrayList<>();
    try {
      for (int place = 0; place < images.size(); place++) {
        each.add(
            networks.residuals(
                place, shape, input, timestep, embeddings, images.get(place), scales.get(place)));
      }
      return each.size() == 1 ? each.remove(0) : networks.sum(each);
    } finally {
      each.forEach(DeviceTensor::close);
    }
  }

  @Override
  public void close() {
    resources.close();
  }
}
