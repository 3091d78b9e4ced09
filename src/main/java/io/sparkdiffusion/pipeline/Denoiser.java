package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.scheduler.DdimScheduler;
import io.sparkdiffusion.scheduler.StepCoefficients;
import io.sparkdiffusion.torch.CompiledGraph;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.unet.Unet2dConditionModel;
import io.sparkdiffusion.util.ResourceStack;
import java.time.Duration;
import java.util.Arrays;

/** The denoising loop over one UNet. */
final class Denoiser implements AutoCloseable {

  private final TorchDevice device;
  private final GraphCache<BatchShape> unets;
  private final GraphCache<BatchShape> steps;

  /**
   * A loop over borrowed weights, which are read for the first image.
   *
   * @param tokens of a text, 77
   */
  Denoiser(
      TorchDevice device,
      Unet2dConditionModel unet,
      WeightsOnDemand weights,
      Target target,
      long tokens) {
    this.device = device;
    this.unets =
        new GraphCache<>(
            weights,
            shape ->
                target.apply(
                    unet.record(
                        target.dtype(),
                        shape.batch(),
                        shape.rows(),
                        shape.height(),
                        shape.width(),
                        tokens)));
    this.steps = new GraphCache<>(weights, GuidedStep::record);
  }

  /**
   * From noise to latents.
   *
   * @param embeddings (R, S, D), borrowed
   * @return (B, C, H, W) on the host
   */
  float[] denoise(
      Batch batch,
      BatchShape shape,
      DeviceTensor embeddings,
      DdimScheduler scheduler,
      StepObserver observer) {
    CompiledGraph unet = unets.get(shape);
    int[] timesteps = scheduler.timesteps();
    float[] initial = batch.noise(shape.latentCount());
    observer.latents(() -> initial);
    DeviceTensor latents = images(initial, shape);
    try (DeviceTensor scale = perImage(batch.values(ImageRequest::guidanceScale));
        DeviceTensor rescale = perImage(batch.values(ImageRequest::guidanceRescale))) {
      for (int i = 0; i < timesteps.length; i++) {
        DeviceTensor current = latents;
        try (DeviceTensor timestep = device.floats(new float[] {timesteps[i]}, 1);
            DeviceTensor prediction = unet.run(current, timestep, embeddings)) {
          latents = step(batch, shape, scheduler.step(i), current, prediction, scale, rescale);
        }
        current.close();
        DeviceTensor next = latents;
        observer.latents(next::toFloats);
      }
      return latents.toFloats();
    } finally {
      latents.close();
    }
  }

  /** Guidance and one step of the scheduler; the caller closes the result. */
  private DeviceTensor step(
      Batch batch, BatchShape shape, StepCoefficients coefficients, DeviceTensor... inputs) {
    CompiledGraph step = steps.get(shape);
    DeviceTensor[] all = Arrays.copyOf(inputs, inputs.length + (shape.noisy() ? 2 : 1));
    try (ResourceStack own = new ResourceStack()) {
      all[inputs.length] = own.push(coefficients(coefficients));
      if (shape.noisy()) {
        all[inputs.length + 1] = own.push(images(batch.noise(shape.latentCount()), shape));
      }
      return step.run(all);
    }
  }

  /** (B, C, H, W). */
  private DeviceTensor images(float[] values, BatchShape shape) {
    return device.floats(values, shape.batch(), shape.channels(), shape.height(), shape.width());
  }

  private DeviceTensor perImage(float[] values) {
    return device.floats(values, values.length, 1, 1, 1);
  }

  private DeviceTensor coefficients(StepCoefficients step) {
    return device.floats(
        new float[] {(float) step.sample(), (float) step.modelOutput(), (float) step.noise()}, 3);
  }

  /** Time spent in compiling so far. */
  Duration compiling() {
    return unets.compiling().plus(steps.compiling());
  }

  @Override
  public void close() {
    steps.close();
    unets.close();
  }
}
