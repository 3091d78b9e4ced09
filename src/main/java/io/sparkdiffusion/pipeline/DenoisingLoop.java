package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.sampler.Schedule;
import io.sparkdiffusion.sampler.Step;
import io.sparkdiffusion.torch.CompiledGraph;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.util.ResourceStack;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The steps of one batch. It runs on the device's thread. */
final class DenoisingLoop {

  private final Denoiser graphs;
  private final TorchDevice device;
  private final Batch batch;
  private final BatchShape shape;
  private final DeviceTensor embeddings;
  private final Schedule schedule;
  private final Beginning begin;
  private final Optional<DeviceTensor> alongNoise;
  private final Optional<BatchControl> control;
  private final Denoiser.UnetShape unet;
  private final StepTable table;
  private final DeviceTensor scale;
  private final DeviceTensor rescale;

  /**
   * What is denoised, and how; borrowed.
   *
   * @param begin what each image's generator has given first, and what comes of input images
   * @param control what ControlNets are told, where there are any
   */
  record Task(
      Batch batch,
      BatchShape shape,
      DeviceTensor embeddings,
      Schedule schedule,
      Beginning begin,
      Optional<BatchControl> control) {

    /** Without control. */
    Task(
        Batch batch,
        BatchShape shape,
        DeviceTensor embeddings,
        Schedule schedule,
        Beginning begin) {
      this(batch, shape, embeddings, schedule, begin, Optional.empty());
    }
  }

  /**
   * Copies to the device what the steps need.
   *
   * @param shared takes what must stay open as long as the loop runs
   */
  DenoisingLoop(Denoiser graphs, TorchDevice device, Task task, ResourceStack shared) {
    this.graphs = graphs;
    this.device = device;
    this.batch = task.batch();
    this.shape = task.shape();
    this.embeddings = task.embeddings();
    this.schedule = task.schedule();
    this.begin = task.begin();
    this.control = task.control();
    this.unet = Denoiser.UnetShape.of(shape, embeddings);
    unet(control(0)); // its weights are copied before the first step
    this.table = shared.push(new StepTable(device, schedule));
    this.scale = shared.push(perImage(batch.values(ImageRequest::guidanceScale)));
    this.alongNoise = begin.mask().map(any -> shared.push(images(begin.noise(), 1)));
    this.rescale = shared.push(perImage(batch.values(ImageRequest::guidanceRescale)));
  }

  /** The states after the last step, which the caller closes. */
  DeviceTensor run(StepObserver observer) {
    boolean isOverImage = schedule.initSignal() != 0;
    DeviceTensor states = isOverImage ? noisy(begin.image().orElseThrow()) : noise();
    for (int step = 0; step < schedule.steps().size(); step++) {
      try (DeviceTensor current = states) {
        show(current, observer);
        states = blended(next(current, step), step);
      }
    }
    try {
      show(states, observer);
      return states;
    } catch (RuntimeException e) {
      states.close();
      throw e;
    }
  }

  private void show(DeviceTensor states, StepObserver observer) {
    observer.latents(
        () -> {
          try (DeviceTensor latents = latents(states)) {
            return latents.toFloats();
          }
        });
  }

  /** Each image's own noise, and zeros for the history. */
  private DeviceTensor noise() {
    float[] noise = begin.noise().clone();
    float sigma = (float) schedule.initNoiseSigma();
    for (int i = 0; i < noise.length; i++) {
      noise[i] *= sigma;
    }
    return images(Arrays.copyOf(noise, schedule.states() * noise.length), schedule.states());
  }

  /** The images' latents with each one's noise over them, and zeros for the history. */
  private DeviceTensor noisy(DeviceTensor latents) {
    try (DeviceTensor noise = noise();
        DeviceTensor signal = device.floats(new float[] {(float) schedule.initSignal()}, 1)) {
      return graphs.noisy(shape, schedule.states()).run(noise, latents, signal);
    }
  }

  private DeviceTensor next(DeviceTensor states, int index) {
    Step step = schedule.steps().get(index);
    try (ResourceStack own = new ResourceStack()) {
      DeviceTensor input = own.push(input(states, index));
      DeviceTensor timestep = own.push(table.timestep(index));
      DeviceTensor prediction = own.push(predicted(index, input, timestep));
      DeviceTensor factors = own.push(table.factors(index));
      List<DeviceTensor> inputs =
          new ArrayList<>(List.of(states, prediction, scale, rescale, factors));
      if (step.drawsNoise()) {
        // A GPU is busy with the UNet while this is drawn.
        inputs.add(own.push(images(batch.noise(shape.latentCount()), 1)));
      }
      return graphs
          .step(shape.withNoise(step.drawsNoise()), schedule.states())
          .run(inputs.toArray(DeviceTensor[]::new));
    }
  }

  /** What the UNet answers, (R, C, H, W), under control where there is one in this step. */
  private DeviceTensor predicted(int index, DeviceTensor input, DeviceTensor timestep) {
    Optional<BatchControl> acting = control(index);
    CompiledGraph graph = unet(acting);
    if (acting.isPresent()) {
      try (DeviceTensor residuals = acting.get().residuals(unet, input, timestep, embeddings)) {
        return graph.run(input, timestep, embeddings, residuals);
      }
    }
    Optional<DeviceTensor> label = begin.beside().label();
    return label.isPresent()
        ? graph.run(input, timestep, embeddings, label.get())
        : graph.run(input, timestep, embeddings);
  }

  private CompiledGraph unet(Optional<BatchControl> acting) {
    return acting.isPresent() ? graphs.controlledUnet(unet) : graphs.unet(unet);
  }

  /** What has a say in a step. */
  private Optional<BatchControl> control(int step) {
    return control.filter(any -> any.acts(step, schedule.steps().size()));
  }

  /** With the images' own latents where a mask leaves them; takes the states over. */
  private DeviceTensor blended(DeviceTensor states, int index) {
    if (begin.mask().isEmpty()) {
      return states;
    }
    try (states;
        DeviceTensor level = table.levelAfter(index)) {
      return graphs
          .blended(shape, schedule.states())
          .run(
              states,
              begin.image().orElseThrow(),
              alongNoise.orElseThrow(),
              begin.mask().get(),
              level);
    }
  }

  /** What the UNet sees: (B, C, H, W), with more channels where there are some beside them. */
  private DeviceTensor input(DeviceTensor states, int index) {
    DeviceTensor latents = latents(states);
    Optional<DeviceTensor> channels = begin.beside().channels();
    if (schedule.steps().get(index).inputScale() == 1 && channels.isEmpty()) {
      return latents;
    }
    try (latents;
        DeviceTensor factor = table.inputScale(index)) {
      return channels
          .map(more -> graphs.input(shape, more.shape().size(1)).run(latents, factor, more))
          .orElseGet(() -> graphs.input(shape, 0).run(latents, factor));
    }
  }

  private DeviceTensor latents(DeviceTensor states) {
    return states.rows(0, shape.batch());
  }

  /** (copies B, C, H, W). */
  private DeviceTensor images(float[] values, int copies) {
    return device.floats(
        values, copies * shape.batch(), shape.channels(), shape.height(), shape.width());
  }

  private DeviceTensor perImage(float[] values) {
    return device.floats(values, values.length, 1, 1, 1);
  }
}
