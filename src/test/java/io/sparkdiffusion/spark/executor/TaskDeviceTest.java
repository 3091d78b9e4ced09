package io.sparkdiffusion.spark.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TaskDeviceTest {

  @Test
  void takesTheGpuThatSparkGave() {
    assertThat(device(List.of("2"), Optional.empty(), 4).choose("auto")).isEqualTo("cuda:2");
    assertThat(device(List.of("2"), Optional.empty(), 4).choose("cuda")).isEqualTo("cuda:2");
  }

  @Test
  void countsAmongVisibleGpus() {
    assertThat(device(List.of("6"), Optional.of("4,6"), 2).choose("cuda")).isEqualTo("cuda:1");
  }

  @Test
  void choosesByWhatLibtorchSeesWhereSparkKnowsOfNoGpu() {
    assertThat(device(List.of(), Optional.empty(), 1).choose("auto")).isEqualTo("cuda:0");
    assertThat(device(List.of(), Optional.empty(), 0).choose("auto")).isEqualTo("cpu");
    assertThat(device(List.of("0"), Optional.empty(), 1).choose("cpu")).isEqualTo("cpu");
  }

  @Test
  void neverReplacesAGpuByTheCpu() {
    String fix =
        " use the build with -Pcuda and check nvidia-smi and libcudart.so, or set device=cpu";
    assertThatThrownBy(() -> device(List.of(), Optional.empty(), 0).choose("cuda"))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot use device cuda:0: libtorch must see that GPU (it sees 0; Spark gave the task"
                + " none);"
                + fix);
    assertThatThrownBy(() -> device(List.of("1"), Optional.empty(), 1).choose("auto"))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot use device cuda:1: libtorch must see that GPU (it sees 1; Spark gave the task"
                + " [1]);"
                + fix);
  }

  private static TaskDevice device(List<String> given, Optional<String> visible, int count) {
    return new TaskDevice(given, visible, () -> count);
  }
}
