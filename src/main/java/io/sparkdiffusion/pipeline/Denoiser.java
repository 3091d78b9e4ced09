package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Tensor;
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
  private final GraphCache<UnetShape> unets;
  private final GraphCache<BatchShape> scaled;
  private final GraphCache<BatchShape> joined;
  private final GraphCache<StepShape> steps;
  private final GraphCache<StepShape> noisy;

  /**
   * What decides the graph of the UNet.
   *
   * @param tokens of the prompt embeddings
   */
  private record UnetShape(BatchShape batch, long tokens) {}

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
    this.recorded =
        shape ->
            target.apply(
                unet.record(
                    target.dtype(),
                    shape.batch().batch(),
                    shape.batch().rows(),
                    shape.batch().height(),
                    shape.batch().width(),
                    shape.tokens()));
    this.unets = new GraphCache<>(weights, recorded);
    this.scaled = new GraphCache<>(device, Denoiser::scaled);
    this.joined = new GraphCache<>(device, shape -> joined(shape, unet.inChannels()));
    this.steps =
        new GraphCache<>(device, shape -> GuidedStep.record(shape.batch(), shape.states()));
    this.noisy = new GraphCache<>(device, Denoiser::noisy);
  }

  /**
   * Inputs: states (S B, C, H, W), of which the first B are noise; latents (B, C, H, W) and their
   * factor (1). Result: the states, to the first of which the latents are added.
   */
  private static Graph noisy(StepShape shape) {
    Graph graph = new Graph("the noised start");
    BatchShape one = shape.batch();
    long batch = one.batch();
    long history = (shape.states() - 1) * batch;
    Tensor states = graph.input(shape.states() * batch, one.channels(), one.height(), one.width());
    Tensor latents = graph.input(batch, one.channels(), one.height(), one.width());
    Tensor signal = latents.times(graph.input(1));
    return graph.returns(
        history == 0
            ? states.plus(signal)
            : Tensor.cat(
                0, states.narrow(0, 0, batch).plus(signal), states.narrow(0, batch, history)));
  }

  /** Inputs: latents (B, C, H, W) and a factor (1); result: their product. */
  private static Graph scaled(BatchShape shape) {
    Graph graph = new Graph("the UNet's input");
    return graph.returns(
        graph
            .input(shape.batch(), shape.channels(), shape.height(), shape.width())
            .times(graph.input(1)));
  }

  /**
   * Inputs: latents (B, C, H, W), a factor (1), and the channels behind them (B, X, H, W); result:
   * (B, C + X, H, W), the latents times the factor.
   */
  private static Graph joined(BatchShape shape, long channels) {
    Graph graph = new Graph("the UNet's input with more channels");
    Tensor latents = graph.input(shape.batch(), shape.channels(), shape.height(), shape.width());
    Tensor factor = graph.input(1);
    Tensor beside =
        graph.input(shape.batch(), channels - shape.channels(), shape.height(), shape.width());
    return graph.returns(Tensor.cat(1, latents.times(factor), beside));
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

  CompiledGraph unet(BatchShape shape, long embeddedTokens) {
    return unets.get(new UnetShape(shape.withNoise(false), embeddedTokens));
  }

  CompiledGraph scaledInput(BatchShape shape) {
    return scaled.get(shape.plain());
  }

  CompiledGraph joinedInput(BatchShape shape) {
    return joined.get(shape.plain());
  }

  CompiledGraph step(BatchShape shape, int states) {
    return steps.get(new StepShape(shape, states));
  }

  CompiledGraph noisy(BatchShape shape, int states) {
    return noisy.get(new StepShape(shape.plain(), states));
  }

  /** What the UNet's results take at a time in such a batch, weights not counted. */
  long imageBytes(BatchShape shape) {
    return LiveMemory.peakBytes(recorded.apply(new UnetShape(shape, tokens)), target.dtype());
  }

  /** Time spent in compiling so far. */
  Duration compiling() {
    return unets
        .compiling()
        .plus(scaled.compiling())
        .plus(joined.compiling())
        .plus(steps.compiling())
        .plus(noisy.compiling());
  }

  @Override
  public void close() {
    noisy.close();
    steps.close();
    joined.close();
    scaled.close();
    unets.close();
  }
}
