package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.sampler.Schedule;
import io.sparkdiffusion.sampler.Step;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import java.util.List;

/** The numbers of all steps of a schedule, copied to the device at once. */
final class StepTable implements AutoCloseable {

  /** Timestep, input scale and level of an image that goes along, in front of the factors. */
  private static final int BEFORE_FACTORS = 4;

  private final int width;
  private final DeviceTensor numbers;

  StepTable(TorchDevice device, Schedule schedule) {
    this.width = BEFORE_FACTORS + schedule.states() * (schedule.states() + 2);
    List<Step> steps = schedule.steps();
    float[] all = new float[steps.size() * width];
    for (int i = 0; i < steps.size(); i++) {
      int place = i * width;
      all[place++] = (float) steps.get(i).timestep();
      all[place++] = (float) steps.get(i).inputScale();
      all[place++] = (float) schedule.levelAfter(i).signal();
      all[place++] = (float) schedule.levelAfter(i).noise();
      for (List<Double> row : steps.get(i).matrix()) {
        for (double factor : row) {
          all[place++] = (float) factor;
        }
      }
    }
    this.numbers = device.floats(all, all.length);
  }

  /** (1), of the table's memory; the caller closes it. */
  DeviceTensor timestep(int step) {
    return numbers.rows((long) step * width, 1);
  }

  /** (1), of the table's memory; the caller closes it. */
  DeviceTensor inputScale(int step) {
    return numbers.rows((long) step * width + 1, 1);
  }

  /** (2): signal and noise of an image after a step; of the table's memory; to be closed. */
  DeviceTensor levelAfter(int step) {
    return numbers.rows((long) step * width + 2, 2);
  }

  /** (S (S + 2)), of the table's memory; the caller closes it. */
  DeviceTensor factors(int step) {
    return numbers.rows((long) step * width + BEFORE_FACTORS, width - BEFORE_FACTORS);
  }

  @Override
  public void close() {
    numbers.close();
  }
}
