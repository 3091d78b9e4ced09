package io.sparkdiffusion.spark.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.BatchSize;
import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.Precision;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.metadata.RequestHash;
import io.sparkdiffusion.request.VaeTiling.Large;
import io.sparkdiffusion.spark.model.GeneratorFactory;
import io.sparkdiffusion.spark.model.ImageGenerator;
import io.sparkdiffusion.testing.FakeModel;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.Requests;
import io.sparkdiffusion.torch.CudaDevice;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AutoSettingsTest {

  private static final BatchSize AUTO = new BatchSize.Auto();

  private final SparkContext spark = LocalSpark.session().sparkContext();

  /** Names and compute capabilities as NVIDIA's driver tells them. */
  @ParameterizedTest
  @CsvSource({
    "Tesla P100-PCIE-16GB, 6, 0, FLOAT32",
    "Tesla T4, 7, 5, FLOAT16",
    "Tesla V100-SXM2-16GB, 7, 0, FLOAT16",
    "NVIDIA A10, 8, 6, BFLOAT16",
    "NVIDIA A100-SXM4-80GB, 8, 0, BFLOAT16",
    "NVIDIA H100 80GB HBM3, 9, 0, BFLOAT16",
    "NVIDIA B200, 10, 0, BFLOAT16"
  })
  void takesTheFormatThatAGpuHas(String name, int major, int minor, Precision expected) {
    Gpus gpus = new Gpus(List.of(new CudaDevice(name, major, minor, "GPU-x")));

    for (String device : List.of("auto", "cuda", "cuda:0")) {
      ExecutionConfig settled = AutoSettings.settle(spark, gpus, open(device));
      assertThat(settled.dtype()).isEqualTo(expected);
      assertThat(settled.perDeviceBatchSize()).as("by memory, on the executor").isEqualTo(AUTO);
      assertThat(settled.device()).isEqualTo(device);
    }
  }

  @Test
  void isFloat32AndOneImageOnACpu() {
    Gpus none = new Gpus(List.of());
    ExecutionConfig float32 = new ExecutionConfig("auto", Precision.FLOAT32, 1);
    ExecutionConfig settled = AutoSettings.settle(spark, none, open("auto"));

    assertThat(settled).isEqualTo(float32);
    assertThat(AutoSettings.settle(spark, new Gpus(List.of(h100())), open("cpu")))
        .isEqualTo(new ExecutionConfig("cpu", Precision.FLOAT32, 1));
    assertThat(hash(settled)).isEqualTo(hash(float32));
  }

  @Test
  void leavesWhatWasAskedFor() {
    Gpus gpus = new Gpus(List.of(h100()));
    ExecutionConfig exact = new ExecutionConfig("cuda", Precision.FLOAT32, 3);
    ExecutionConfig byMemory =
        new ExecutionConfig("cuda", Precision.AUTO, Precision.FLOAT16, AUTO, "./gpu-env");

    assertThat(AutoSettings.settle(spark, gpus, exact))
        .isEqualTo(exact.settled(Precision.FLOAT32, new BatchSize.Fixed(3), Large.TILED));
    assertThat(AutoSettings.settle(spark, gpus, byMemory))
        .isEqualTo(byMemory.settled(Precision.FLOAT16, AUTO, Large.TILED));
  }

  /** A run has one format, which is in every image's hash. */
  @Test
  void refusesDevicesThatWouldTakeSeveral() {
    Gpus mixed = new Gpus(List.of(h100(), new CudaDevice("Tesla T4", 7, 5, "GPU-t4")));
    List<AutoSettings.Seen> seen =
        List.of(
            AutoSettings.Seen.of("a", "cuda:0", mixed),
            AutoSettings.Seen.of("b", "cuda:1", mixed),
            AutoSettings.Seen.of("c", "cuda:1", mixed),
            AutoSettings.Seen.of("d", "cpu", mixed));

    assertThatThrownBy(() -> AutoSettings.settle(seen, open("auto")))
        .isExactlyInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot settle activations_dtype=auto: all devices of a run must take the same"
                + " (bfloat16 for NVIDIA H100 (9.0) of a; float16 for Tesla T4 (7.5) of b, Tesla T4"
                + " (7.5) of c; float32 for CPU of d); set activations_dtype, or device");
    ExecutionConfig given =
        new ExecutionConfig("auto", Precision.FLOAT16, Precision.FLOAT16, AUTO, "");
    assertThat(AutoSettings.settle(seen, given))
        .isEqualTo(given.settled(Precision.FLOAT16, AUTO, Large.TILED));
  }

  @Test
  void asksForTheGpuThatIsMissing() {
    assertThatThrownBy(() -> AutoSettings.settle(spark, new Gpus(List.of()), open("cuda")))
        .isExactlyInstanceOf(ProblemsException.class)
        .hasMessageStartingWith("Cannot use device cuda:0: libtorch must see that GPU (it sees 0;");
  }

  private static CudaDevice h100() {
    return new CudaDevice("NVIDIA H100", 9, 0, "GPU-h");
  }

  private static ExecutionConfig open(String device) {
    return new ExecutionConfig(device, Precision.AUTO, Precision.AUTO, AUTO, "");
  }

  private static String hash(ExecutionConfig execution) {
    return RequestHash.of(
        Requests.of("row", 0, "fox", ""), Map.of(), execution.dtype().label(), "d".repeat(64));
  }

  /** A machine with these GPUs. */
  private record Gpus(List<CudaDevice> gpus) implements GeneratorFactory {

    @Override
    public void check(Configuration hadoop) {}

    @Override
    public ImageGenerator load(String device, Configuration hadoop) {
      return FakeModel.named("gpus").generators().load(device, hadoop);
    }

    @Override
    public int gpuCount() {
      return gpus.size();
    }

    @Override
    public Optional<CudaDevice> gpu(int index) {
      return Optional.of(gpus.get(index));
    }
  }
}
