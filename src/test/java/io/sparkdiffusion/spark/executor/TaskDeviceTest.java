package io.sparkdiffusion.spark.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.Precision;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.spark.device.VisibleDevices;
import io.sparkdiffusion.spark.device.VisibleGpus;
import io.sparkdiffusion.torch.CudaDevice;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
        " name one that it sees, check nvidia-smi and CUDA_VISIBLE_DEVICES, or set device=cpu";
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

  /** Visible "2,3" and address 0: cuda:0 would be the host's GPU 2. */
  @ParameterizedTest
  @CsvSource({
    "0, '2,3', 2",
    "7, '2, 3', 2",
    "GPU-cc, 'GPU-aa,GPU-bb', 2",
    "0, 'GPU-aa,GPU-bb', 2",
    "GPU-cc, '', 2",
    "MIG-cc, 'MIG-aa,MIG-bb', 2"
  })
  void refusesAGpuThatCannotBeFoundAmongTheVisibleOnes(String given, String visible, int count) {
    TaskDevice device =
        device(List.of(given), Optional.of(visible).filter(v -> !v.isEmpty()), count);

    for (String setting : List.of("auto", "cuda")) {
      assertThatThrownBy(() -> device.choose(setting))
          .isInstanceOf(ProblemsException.class)
          .hasMessage(
              ("Cannot find the GPU that Spark gave the task: CUDA_VISIBLE_DEVICES must name it as"
                      + " Spark's discovery script does (Spark gave %s, CUDA_VISIBLE_DEVICES is %s,"
                      + " libtorch sees %d GPUs); unset it for the executors, or let both have indices"
                      + " or both UUIDs")
                  .formatted(given, visible.isEmpty() ? "not set" : visible, count));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "6, ' 4 , 6 ', 2, cuda:1",
    "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6, 'GPU-11111111,GPU-8932f937', 2, cuda:1",
    "gpu-8932F937, 'GPU-8932f937-d72c-4106-c12f-20bd9faed9f6', 1, cuda:0",
    "MIG-b, 'MIG-a,MIG-b', 2, cuda:1",
    "0, '2', 1, cuda:0",
    "0, 'MIG-a', 1, cuda:0",
    "MIG-a, '', 1, cuda:0",
    "GPU-uuid-of-1, '', 2, cuda:1",
    "GPU-uuid-of-1, '5,4', 2, cuda:1",
    "3, '', 4, cuda:3"
  })
  void findsTheGpuAmongTheVisibleOnes(String given, String visible, int count, String chosen) {
    TaskDevice device =
        device(List.of(given), Optional.of(visible).filter(v -> !v.isEmpty()), count);

    assertThat(device.choose("cuda")).isEqualTo(chosen);
    assertThat(device.choose("auto")).isEqualTo(chosen);
  }

  @Test
  void tasksOfOneMachineShareItsGpus() {
    assertThat(IntStream.range(0, 5).mapToObj(i -> local(i, 4, 2).choose("auto")))
        .containsExactly("cuda:0", "cuda:1", "cuda:0", "cuda:1", "cuda:0");
    assertThat(IntStream.range(0, 3).mapToObj(i -> local(i, 1, 2).choose("cuda")))
        .as("a single slot loads the model once")
        .containsOnly("cuda:0");
    assertThat(local(1, 4, 2).choose("cuda:0")).isEqualTo("cuda:0");
    assertThat(local(1, 4, 0).choose("auto")).isEqualTo("cpu");
  }

  @Test
  void doubtsGpusThatNobodyUsesOrThatAllUse() {
    assertThat(local(0, 1, 4).doubt("auto", "cuda:0"))
        .contains("1 of 4 GPUs are used; --master 'local[4]' uses all");
    assertThat(local(0, 4, 4).doubt("auto", "cuda:0")).isEmpty();
    assertThat(local(0, 1, 4).doubt("cuda:3", "cuda:3")).isEmpty();
    assertThat(device(List.of(), Optional.empty(), 2).doubt("cuda", "cuda:0"))
        .hasValueSatisfying(
            text ->
                assertThat(text)
                    .startsWith("Spark knows of no GPUs, so all executors of a host use cuda:0;"));
    assertThat(device(List.of("1"), Optional.empty(), 2).doubt("cuda", "cuda:1")).isEmpty();
    assertThat(device(List.of(), Optional.empty(), 0).doubt("auto", "cpu")).isEmpty();
  }

  @Test
  void refusesBfloat16OnAGpuWithoutIt() {
    TaskDevice t4 = device(new CudaDevice("Tesla T4", 7, 5, "GPU-t4"));

    assertThatThrownBy(() -> t4.requireFormat("cuda:0", Precision.BFLOAT16))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot compute in bfloat16 on device cuda:0: its compute capability must be 8.0 or newer"
                + " (Tesla T4 has 7.5); use weights_dtype=float16 and activations_dtype=float16");
    assertThatCode(
            () -> {
              t4.requireFormat("cuda:0", Precision.FLOAT16);
              t4.requireFormat("cuda:0", Precision.FLOAT32);
              t4.requireFormat("cpu", Precision.BFLOAT16);
              device(new CudaDevice("NVIDIA A100", 8, 0, "GPU-a"))
                  .requireFormat("cuda:0", Precision.BFLOAT16);
            })
        .doesNotThrowAnyException();
  }

  private static TaskDevice device(CudaDevice gpu) {
    return new TaskDevice(
        List.of(), Optional.empty(), new Gpus(1, i -> Optional.of(gpu)), Optional.empty());
  }

  private static TaskDevice local(int partition, int slots, int count) {
    return new TaskDevice(
        List.of(),
        Optional.empty(),
        gpus(count),
        Optional.of(new TaskDevice.Slot(partition, slots)));
  }

  private static TaskDevice device(List<String> given, Optional<String> visible, int count) {
    return new TaskDevice(given, visible.map(VisibleDevices::new), gpus(count), Optional.empty());
  }

  private static Gpus gpus(int count) {
    return new Gpus(
        count, i -> Optional.of(new CudaDevice("NVIDIA H200", 9, 0, "GPU-uuid-of-" + i)));
  }

  private record Gpus(int gpuCount, IntFunction<Optional<CudaDevice>> driver)
      implements VisibleGpus {

    @Override
    public Optional<CudaDevice> gpu(int index) {
      return driver.apply(index);
    }
  }
}
