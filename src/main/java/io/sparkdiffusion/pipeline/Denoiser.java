package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.kernel.LiveMemory;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.torch.CompiledGraph;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.unet.Unet2dConditionModel;
import io.sparkdiffusion.util.ResourceStack;
import java.time.Duration;
import java.util.function.Function;

/**
 * Denoising by one UNet: its graphs, and those between its calls, which {@link DenoisingLoop} runs.
 */
final class Denoiser implements AutoCloseable {

  private final TorchDevice device;
  private final Target target;
  private final long tokens;
  private final Function<UnetShape, Graph> recorded;
  private final Function<UnetShape, Graph> controlled;
  private final GraphCache<UnetShape> unets;
  private final GraphCache<UnetShape> controlledUnets;
  private final GraphCache<InputShape> inputs;
  private final GraphCache<StepShape> steps;
  private final GraphCache<StepShape> noisy;
  private final GraphCache<StepShape> blended;

  /**
   * What decides the graph of the UNet.
   *
   * @param tokens of the prompt embeddings
   */
  record UnetShape(BatchShape batch, long tokens) {

    /** That of a batch's steps, whether they add noise or not. */
    static UnetShape of(BatchShape batch, DeviceTensor embeddings) {
      return new UnetShape(batch.withNoise(false), embeddings.shape().size(1));
    }

    Graph record(Recording network, Dtype dtype) {
      return network.of(dtype, batch.batch(), batch.rows(), batch.height(), batch.width(), tokens);
    }
  }

  /** How a network that is told as much as a UNet is recorded. */
  interface Recording {
    Graph of(Dtype dtype, long batch, long rows, long height, long width, long tokens);
  }

  /**
   * What decides what the UNet sees.
   *
   * @param beside channels beside the latents'
   */
  private record InputShape(BatchShape batch, long beside) {}

  /** What decides the graph of a step. */
  private record StepShape(BatchShape batch, int states) {}

  /**
   * Over borrowed weights, which are read for the first image.
   *
   * @param tokens of a usual text, 77
   */
  Denoiser(
      TorchDevice device,
      Unet2dConditionModel unet,
      WeightsOnDemand weights,
      Target target,
      long tokens) {
    this.device = device;
    this.target = target;
    this.tokens = tokens;
    this.recorded = shape -> target.apply(shape.record(unet::record, target.dtype()));
    this.controlled = shape -> target.apply(shape.record(unet::recordControlled, target.dtype()));
    this.unets = new GraphCache<>(weights, recorded);
    this.controlledUnets = new GraphCache<>(weights, controlled);
    this.inputs =
        new GraphCache<>(device, shape -> StateGraphs.input(shape.batch(), shape.beside()));
    this.steps =
        new GraphCache<>(device, shape -> GuidedStep.record(shape.batch(), shape.states()));
    this.noisy =
        new GraphCache<>(device, shape -> StateGraphs.noisy(shape.batch(), shape.states()));
    this.blended =
        new GraphCache<>(device, shape -> StateGraphs.blended(shape.batch(), shape.states()));
  }

  /**
   * From noise to latents, in one call of the device: between two steps nothing comes to the host,
   * and nothing goes from it but a stochastic sampler's noise.
   *
   * @param task with embeddings (R, S, D)
   * @return the states after the last step, (S B, C, H, W), of which the first B are the latents;
   *     the caller closes them
   */
  DeviceTensor denoise(DenoisingLoop.Task task, StepObserver observer) {
    return device.call(
        () -> {
          try (ResourceStack shared = new ResourceStack()) {
            return new DenoisingLoop(this, device, task, shared).run(observer);
          }
        });
  }

  CompiledGraph unet(UnetShape shape) {
    return unets.get(shape);
  }

  /** The same that takes residuals (R, N) besides. */
  CompiledGraph controlledUnet(UnetShape shape) {
    return controlledUnets.get(shape);
  }

  CompiledGraph input(BatchShape shape, long beside) {
    return inputs.get(new InputShape(shape.plain(), beside));
  }

  CompiledGraph step(BatchShape shape, int states) {
    return steps.get(new StepShape(shape, states));
  }

  CompiledGraph noisy(BatchShape shape, int states) {
    return noisy.get(new StepShape(shape.plain(), states));
  }

  CompiledGraph blended(BatchShape shape, int states) {
    return blended.get(new StepShape(shape.plain(), states));
  }

  /**
   * What the results of the UNet, and of ControlNets, take at a time in such a batch, weights not
   * counted.
   */
  long imageBytes(BatchShape batch, ControlNets controls) {
    UnetShape shape = new UnetShape(batch, tokens);
    Function<UnetShape, Graph> unet = controls.isEmpty() ? recorded : controlled;
    return Math.max(
        LiveMemory.peakBytes(unet.apply(shape), target.dtype()), controls.imageBytes(shape));
  }

  /** Time spent in compiling so far. */
  Duration compiling() {
    return unets
        .compiling()
        .plus(controlledUnets.compiling())
        .plus(inputs.compiling())
        .plus(steps.compiling())
        .plus(noisy.compiling())
        .plus(blended.compiling());
  }

  @Override
  public void close() {
    blended.close();
    noisy.close();
    steps.close();
    inputs.close();
    controlledUnets.close();
    unets.close();
  }
}
