package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Tensor;
import io.sparkdiffusion.kernel.LiveMemory;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.unet.ControlNet;
import io.sparkdiffusion.util.ResourceStack;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The ControlNets of a pipeline on a device: their graphs, and the one that adds their answers up
 * (diffusers, MultiControlNetModel). Not thread-safe.
 */
final class ControlNets implements AutoCloseable {

  /** Of a control image: red, green and blue. */
  private static final long CHANNELS = 3;

  private final TorchDevice device;
  private final Target target;
  private final ResourceStack resources = new ResourceStack();
  private final List<One> all = new ArrayList<>();
  private final GraphCache<BatchShape> pixels;
  private final GraphCache<Residuals> sums;

  /** A network with its borrowed weights, which are read for the first image. */
  record Loadable(WeightedControlNet given, WeightsOnDemand weights) {}

  /** A network with its graphs. */
  private record One(WeightedControlNet given, GraphCache<Denoiser.UnetShape> graphs) {

    ControlNet network() {
      return new ControlNet(given.network().config());
    }
  }

  /** What networks answer: (R, N). */
  private record Residuals(long rows, long numbers) {}

  ControlNets(TorchDevice device, Target target, List<Loadable> loadable) {
    this.device = device;
    this.target = target;
    for (Loadable one : loadable) {
      ControlNet network = new ControlNet(one.given().network().config());
      all.add(
          new One(
              one.given(),
              resources.push(new GraphCache<>(one.weights(), shape -> recorded(network, shape)))));
    }
    this.pixels = resources.push(new GraphCache<>(device, this::recordPixels));
    this.sums = resources.push(new GraphCache<>(device, this::recordSum));
  }

  private Graph recorded(ControlNet network, Denoiser.UnetShape shape) {
    return target.apply(shape.record(network::record, target.dtype()));
  }

  /** Input: images (B, H, W, 3) uint8; result: (B, 3, H, W) float32, 0 to 1. */
  private Graph recordPixels(BatchShape shape) {
    Graph graph = new Graph("the control images");
    return graph.returns(
        Pixels.shares(graph.input(shape.batch(), height(shape), width(shape), CHANNELS)));
  }

  /** Inputs: residuals (R, N) of each network; result: their sum. */
  private Graph recordSum(Residuals shape) {
    Graph graph = new Graph("the sum of residuals");
    Tensor sum = graph.input(shape.rows(), shape.numbers());
    for (int place = 1; place < all.size(); place++) {
      sum = sum.plus(graph.input(shape.rows(), shape.numbers()));
    }
    return graph.returns(sum);
  }

  private long height(BatchShape shape) {
    return shape.height() * compression();
  }

  private long width(BatchShape shape) {
    return shape.width() * compression();
  }

  /** That of the VAE, for each of them. */
  private long compression() {
    return all.get(0).given().network().config().compression();
  }

  /** Whether there is none. */
  boolean isEmpty() {
    return all.isEmpty();
  }

  /**
   * Copies what the control of a batch takes to the device.
   *
   * @param images what its images are made after
   * @param shape of the latents
   * @return what the caller closes
   */
  BatchControl of(Batch batch, InputPixels images, BatchShape shape) {
    BatchControl control = new BatchControl(this, batch.key().controlRange());
    try {
      for (int place = 0; place < all.size(); place++) {
        control.add(image(batch, images, place, shape), scale(batch, place));
      }
      return control;
    } catch (RuntimeException e) {
      control.close();
      throw e;
    }
  }

  private DeviceTensor image(Batch batch, InputPixels images, int place, BatchShape shape) {
    byte[] rgb = batch.pixels(InputImage.OF_CONTROL_NETS.get(place), images);
    try (DeviceTensor bytes =
        device.bytes(rgb, shape.batch(), height(shape), width(shape), CHANNELS)) {
      return pixels.get(shape.plain()).run(bytes);
    }
  }

  private DeviceTensor scale(Batch batch, int place) {
    double weight = all.get(place).given().weight();
    float[] scales = batch.values(request -> weight * request.controlScale());
    return device.floats(scales, scales.length, 1);
  }

  /**
   * What one of the networks says to a step.
   *
   * @param shape of the UNet's call
   * @param inputs as {@link ControlNet#record} has them, borrowed
   * @return (R, N) float32, which the caller closes
   */
  DeviceTensor residuals(int place, Denoiser.UnetShape shape, DeviceTensor... inputs) {
    return all.get(place).graphs().get(shape).run(inputs);
  }

  /** The sum of residuals (R, N) of all networks, borrowed; the caller closes it. */
  DeviceTensor sum(List<DeviceTensor> residuals) {
    Residuals shape =
        new Residuals(residuals.get(0).shape().size(0), residuals.get(0).shape().size(1));
    return sums.get(shape).run(residuals.toArray(DeviceTensor[]::new));
  }

  /** What their results take at a time, weights not counted. */
  long imageBytes(Denoiser.UnetShape shape) {
    long most = 0;
    long answered = 0;
    for (One one : all) {
      Graph graph = recorded(one.network(), shape);
      most = Math.max(most, answered + LiveMemory.peakBytes(graph, target.dtype()));
      answered += graph.resultShape().count() * Float.BYTES;
    }
    return most;
  }

  /** Time spent in compiling so far. */
  Duration compiling() {
    return all.stream()
        .map(one -> one.graphs().compiling())
        .reduce(pixels.compiling().plus(sums.compiling()), Duration::plus);
  }

  @Override
  public void close() {
    resources.close();
  }
}
