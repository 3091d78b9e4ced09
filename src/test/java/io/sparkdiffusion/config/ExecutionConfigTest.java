package io.sparkdiffusion.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExecutionConfigTest {

  private static final String NEEDS_GPU =
      "Cannot use weights_dtype: float16 needs a GPU, libtorch's CPU kernels for it are slow or"
          + " missing; use bfloat16 or float32, or device=cuda (float16 with device=cpu)";

  @TempDir Path folder;

  @Test
  void findsTheDeviceItselfByDefault() {
    assertThat(ConfigText.load(folder, ConfigText.MINIMAL).execution())
        .isEqualTo(new ExecutionConfig("auto", Precision.FLOAT32, Precision.FLOAT32, 1));
  }

  @Test
  void readsEveryValue() {
    assertThat(ConfigText.load(folder, ConfigText.FULL).execution())
        .isEqualTo(
            new ExecutionConfig("cuda:1", Precision.BFLOAT16, Precision.BFLOAT16, 8, "./gpu-env"));
  }

  @Test
  void refusesWhatCannotWork() {
    assertThatThrownBy(() -> new ExecutionConfig("gpu", Precision.FLOAT32, Precision.BFLOAT16, 0))
        .hasMessage(
            """
            Cannot use device: it must be auto, cpu, cuda or cuda:N (gpu)
            Cannot use weights_dtype and activations_dtype: they must be equal, set both to the \
            same (float32 and bfloat16)
            Cannot use per_device_batch_size: it must be 1 or more (0)""");
    assertThatThrownBy(() -> new ExecutionConfig("cpu", Precision.FLOAT16, Precision.FLOAT16, 1))
        .hasMessage(NEEDS_GPU);
    assertThatThrownBy(() -> ConfigText.load(folder, ConfigText.MINIMAL, "weights_dtype=fp16"))
        .hasMessage(
            "Cannot read weights_dtype: it must be one of float32, bfloat16, float16 (fp16)");
  }

  @Test
  void checksTheNumberFormatOnceTheDeviceIsKnown() {
    ExecutionConfig named =
        new ExecutionConfig("cuda", Precision.FLOAT16, Precision.FLOAT16, 2, "./gpu-env");
    ExecutionConfig auto = new ExecutionConfig("auto", Precision.FLOAT16, Precision.FLOAT16, 2);

    assertThat(auto.on("cuda:0").device()).isEqualTo("cuda:0");
    assertThat(named.on("cuda:0").libtorchPath()).isEqualTo("./gpu-env");
    assertThat(auto.on("cuda:0").dtype()).isEqualTo(Precision.FLOAT16);
    assertThatThrownBy(() -> auto.on("cpu")).hasMessage(NEEDS_GPU);
  }
}
