package io.sparkdiffusion.pipeline;

import static io.sparkdiffusion.testing.Comparison.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.family.Component;
import io.sparkdiffusion.family.ModelFamily;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.GraphException;
import io.sparkdiffusion.kernel.Packing;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.noise.TorchGenerator;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.sampler.Schedule;
import io.sparkdiffusion.sampler.Step;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.testing.Requests;
import io.sparkdiffusion.torch.CompiledGraph;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.torch.WeightDictionary;
import io.sparkdiffusion.unet.Unet2dConditionModel;
import io.sparkdiffusion.unet.UnetConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The loop over the UNet of a reference model, for two images of 2x2 latents. */
class DenoiserTest {

  private static final Path FOLDER = ReferenceModels.folder("base");
  private static final int TOKENS = 77;
  private static final int STEPS = 4;
  private static final BatchShape SHAPE = new BatchShape(2, 4, 2, 2, false, false);

  private final UnetConfig config = UnetConfig.read(FOLDER.resolve("unet/config.json"));
  private final Unet2dConditionModel unet = new Unet2dConditionModel(config);
  private final TorchDevice device = TorchDevice.open("cpu");
  private final Target target = device.target(Dtype.FLOAT32);
  private final Graph graph = target.apply(unet.record(Dtype.FLOAT32, 2, 2, 2, 2, TOKENS));
  private final WeightsOnDemand weights =
      new WeightsOnDemand(
          () ->
              WeightDictionary.load(
                  device,
                  ModelFamily.STABLE_DIFFUSION.weights(
                      FOLDER, WeightChoice.USUAL, Component.UNET, graph.weights()),
                  Dtype.FLOAT32,
                  Packing.of(graph)));
  private final Denoiser denoiser = new Denoiser(device, unet, weights, target, TOKENS);
  private final float[] texts = random(2 * TOKENS * Math.toIntExact(config.crossAttentionWidth()));
  private final DeviceTensor embeddings =
      device.floats(texts, 2, TOKENS, config.crossAttentionWidth());

  @AfterEach
  void close() {
    embeddings.close();
    denoiser.close();
    weights.close();
    device.close();
  }

  /** Matrices of no sampler: every factor counts. */
  @ParameterizedTest
  @CsvSource({"1, true", "2, false", "2, true", "3, true"})
  void aScheduleIsWhatItsNumbersSay(int states, boolean noisy) {
    Schedule schedule = schedule(states, noisy);

    assertClose(states + " states", denoised(schedule, latents -> {}), expected(schedule), 1e-5);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void betweenStepsNothingIsCopiedButNoise(boolean noisy) {
    List<Long> copies = new ArrayList<>();

    denoised(schedule(2, noisy), latents -> copies.add(device.copies()));

    assertThat(copies).hasSize(STEPS + 1);
    for (int step = 0; step < STEPS; step++) {
      assertThat(copies.get(step + 1) - copies.get(step))
          .as("step %s", step)
          .isEqualTo(noisy && step != 1 ? 1 : 0);
    }
  }

  @Test
  void whoeverWaitsAndIsInterruptedWaitsForNoFurtherStep() {
    Thread waiting = Thread.currentThread();
    List<Integer> seen = new ArrayList<>();
    assertThatThrownBy(
            () ->
                denoised(
                    schedule(1, true),
                    latents -> {
                      seen.add(seen.size());
                      if (seen.size() == 2) {
                        interrupt(waiting);
                      }
                    }))
        .isInstanceOf(GraphException.class)
        .hasMessageMatching("Cannot run the .*: its thread must go on \\(interrupted\\)");
    assertThat(seen).hasSizeBetween(2, STEPS);
    assertThat(Thread.interrupted()).isTrue();
  }

  /** Until the one that waits has noticed; it says so a moment later. */
  private static void interrupt(Thread waiting) {
    waiting.interrupt();
    while (waiting.isInterrupted()) {
      Thread.onSpinWait();
    }
  }

  private float[] denoised(Schedule schedule, StepObserver observer) {
    Batch batch = batch();
    Beginning begin = new Beginning(batch.noise(SHAPE.latentCount()));
    DenoisingLoop.Task task = new DenoisingLoop.Task(batch, SHAPE, embeddings, schedule, begin);
    try (DeviceTensor states = denoiser.denoise(task, observer)) {
      return states.toFloats();
    }
  }

  /** In plain Java, but for the UNet. */
  private float[] expected(Schedule schedule) {
    List<TorchGenerator> generators = List.of(new TorchGenerator(1), new TorchGenerator(2));
    int count = 2 * SHAPE.latentCount();
    float[][] states = new float[schedule.states()][count];
    states[0] = scaled(noise(generators), schedule.initNoiseSigma());
    try (CompiledGraph compiled = CompiledGraph.compile(graph, weights.get())) {
      for (Step step : schedule.steps()) {
        List<float[]> summands = new ArrayList<>(List.of(states));
        summands.add(predict(compiled, scaled(states[0], step.inputScale()), step.timestep()));
        summands.add(step.drawsNoise() ? noise(generators) : new float[count]);
        float[][] next = new float[states.length][count];
        for (int i = 0; i < count; i++) {
          for (int row = 0; row < next.length; row++) {
            double sum = 0;
            for (int column = 0; column < summands.size(); column++) {
              sum += step.matrix().get(row).get(column) * summands.get(column)[i];
            }
            next[row][i] = (float) sum;
          }
        }
        states = next;
      }
    }
    float[] all = new float[states.length * count];
    for (int row = 0; row < states.length; row++) {
      System.arraycopy(states[row], 0, all, row * count, count);
    }
    return all;
  }

  private float[] predict(CompiledGraph compiled, float[] input, double timestep) {
    try (DeviceTensor latents = device.floats(input, 2, 4, 2, 2);
        DeviceTensor time = device.floats(new float[] {(float) timestep}, 1);
        DeviceTensor output = compiled.run(latents, time, embeddings)) {
      return output.toFloats();
    }
  }

  private static float[] noise(List<TorchGenerator> generators) {
    int count = SHAPE.latentCount();
    float[] all = new float[2 * count];
    System.arraycopy(generators.get(0).randn(count), 0, all, 0, count);
    System.arraycopy(generators.get(1).randn(count), 0, all, count, count);
    return all;
  }

  private static float[] scaled(float[] values, double factor) {
    float[] scaled = values.clone();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] *= (float) factor;
    }
    return scaled;
  }

  /** Fractional timesteps, input scales, and in the second step no noise. */
  private static Schedule schedule(int states, boolean noisy) {
    Random random = new Random(3);
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < STEPS; i++) {
      boolean draws = noisy && i != 1;
      List<List<Double>> matrix =
          IntStream.range(0, states)
              .mapToObj(row -> random.doubles(states + 2L, -0.6, 0.6).boxed().toList())
              .map(row -> draws ? row : withoutNoise(row))
              .toList();
      steps.add(new Step(900.25 - 200 * i, i == 2 ? 1 : 0.5, matrix));
    }
    return new Schedule(steps, List.of(), 0, 3);
  }

  private static List<Double> withoutNoise(List<Double> row) {
    List<Double> without = new ArrayList<>(row);
    without.set(row.size() - 1, 0.0);
    return without;
  }

  private static Batch batch() {
    return Batch.of(List.of(request(1), request(2)), 2);
  }

  private static ImageRequest request(long seed) {
    return Requests.of("a", 0, "", "", Parameters.SEED.of(seed));
  }

  private static float[] random(int count) {
    Random random = new Random(7);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
