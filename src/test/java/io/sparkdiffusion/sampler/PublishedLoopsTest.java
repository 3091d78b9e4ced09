package io.sparkdiffusion.sampler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sparkdiffusion.noise.TorchGenerator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Numbers that stand in diffusers' own tests: the mean of the absolute latents after ten steps of
 * the made-up model {@code x t / (t + 1)}. The tests give k-diffusion's samplers latents that are
 * already scaled. Those whose timesteps are leading have no offset there and are left out.
 */
class PublishedLoopsTest {

  private static final int IMAGES = 4;
  private static final int CHANNELS = 3;
  private static final int SIDE = 8;
  private static final int COUNT = IMAGES * CHANNELS * SIDE * SIDE;

  /** The last column is the file under diffusers' tests/schedulers. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          euler    | epsilon      |        | 0.0131  | test_scheduler_euler.py
          euler    | epsilon      | karras | 0.16214 | test_scheduler_euler.py
          euler_a  | epsilon      |        | 0.1983  | test_scheduler_euler_ancestral.py
          euler_a  | v_prediction |        | 0.1412  | test_scheduler_euler_ancestral.py
          heun     | epsilon      |        | 0.0002  | test_scheduler_heun.py
          lms      | epsilon      |        | 1.31    | test_scheduler_lms.py
          lms      | epsilon      | karras | 4.9648  | test_scheduler_lms.py
          dpm2     | epsilon      |        | 0.0266  | test_scheduler_kdpm2_discrete.py
          dpm2_a   | epsilon      |        | 18.2030 | test_scheduler_kdpm2_ancestral.py
          dpm2_a   | v_prediction |        | 0.4320  | test_scheduler_kdpm2_ancestral.py
          dpm++_2m | epsilon      |        | 0.3301  | test_scheduler_dpm_multi.py
          dpm++_2m | v_prediction |        | 0.2251  | test_scheduler_dpm_multi.py
          dpm++_2s | epsilon      |        | 0.2791  | test_scheduler_dpm_single.py
          dpm++_2s | v_prediction |        | 0.1453  | test_scheduler_dpm_single.py
          unipc    | epsilon      |        | 0.2464  | test_scheduler_unipc.py
          unipc    | epsilon      | karras | 0.2925  | test_scheduler_unipc.py
          unipc    | v_prediction |        | 0.1014  | test_scheduler_unipc.py
          unipc    | v_prediction | karras | 0.1966  | test_scheduler_unipc.py
          deis     | epsilon      |        | 0.23916 | test_scheduler_deis.py
          deis     | v_prediction |        | 0.091   | test_scheduler_deis.py
          """)
  void endsWhereDiffusersOwnTestsSay(
      String sampler, String prediction, String spacing, double mean, String file) {
    Schedule schedule = schedule(sampler, prediction, spacing);
    double actual = Arrays.stream(last(schedule)).map(Math::abs).average().orElseThrow();
    assertThat(actual).as(file).isCloseTo(mean, within(mean > 10 ? 5e-3 : 1e-3));
  }

  private static Schedule schedule(String sampler, String prediction, String spacing) {
    boolean scales = Samplers.ALL.stream().map(Sampler::name).toList().indexOf(sampler) < 9;
    Map<String, Object> json = new HashMap<>();
    json.put("num_train_timesteps", scales ? 1100 : 1000);
    json.put("beta_start", 0.0001);
    json.put("beta_end", 0.02);
    json.put("beta_schedule", "linear");
    json.put("prediction_type", prediction);
    json.put("lower_order_final", !sampler.startsWith("dpm"));
    json.put("final_sigmas_type", scales ? "zero" : "sigma_min");
    if (spacing != null) {
      json.put("use_" + spacing + "_sigmas", true);
    }
    return SchedulerConfig.of(sampler, json, Map.of()).schedule(10, 0);
  }

  private static double[] last(Schedule schedule) {
    TorchGenerator generator = new TorchGenerator(0);
    double[][] states = new double[schedule.states()][COUNT];
    Arrays.setAll(states[0], i -> first(i) * schedule.initNoiseSigma());
    for (Step step : schedule.steps()) {
      double t = step.timestep();
      states[0] = Arrays.stream(states[0]).map(x -> x * step.inputScale()).toArray();
      double[] output = Arrays.stream(states[0]).map(x -> x * t / (t + 1)).toArray();
      float[] noise = step.drawsNoise() ? generator.randn(COUNT) : new float[COUNT];
      List<double[]> inputs = new ArrayList<>(List.of(states));
      inputs.add(output);
      double[][] next = new double[states.length][COUNT];
      for (int i = 0; i < next.length; i++) {
        List<Double> row = step.matrix().get(i);
        Arrays.setAll(next[i], k -> noise[k] * row.get(row.size() - 1));
        for (int j = 0; j < inputs.size(); j++) {
          for (int k = 0; k < COUNT; k++) {
            next[i][k] += row.get(j) * inputs.get(j)[k];
          }
        }
      }
      states = next;
    }
    return states[0];
  }

  /** Numbers from 0 to below 1, counted through channels, rows, columns and then images. */
  private static double first(int index) {
    int image = index / (CHANNELS * SIDE * SIDE);
    int place = index % (CHANNELS * SIDE * SIDE);
    return (place * IMAGES + image) / (double) COUNT;
  }
}
