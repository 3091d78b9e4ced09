package io.sparkdiffusion.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.request.VaeTiling.Large;
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
        .isEqualTo(
            new ExecutionConfig("auto", Precision.AUTO, Precision.AUTO, new BatchSize.Auto(), ""));
  }

  @Test
  void readsEveryValue() {
    assertThat(ConfigText.load(folder, ConfigText.FULL).execution())
        .isEqualTo(
            new ExecutionConfig(
                "cuda:1",
                Precision.BFLOAT16,
                Precision.BFLOAT16,
                new BatchSize.Fixed(8),
                "./gpu-env"));
  }

  @Test
  void refusesWhatCannotWork() {
    BatchSize none = new BatchSize.Fixed(0);
    assertThatThrownBy(
            () -> new ExecutionConfig("gpu", Precision.FLOAT32, Precision.BFLOAT16, none, ""))
        .hasMessage(
            """
            Cannot use device: it must be auto, cpu, cuda or cuda:N (gpu)
            Cannot use weights_dtype and activations_dtype: they must be equal, set both to the \
            same (float32 and bfloat16)
            Cannot use per_device_batch_size: it must be 1 or more, or auto (0)""");
    assertThatThrownBy(() -> new ExecutionConfig("cpu", Precision.FLOAT16, 1))
        .hasMessage(NEEDS_GPU);
    assertThatThrownBy(() -> ConfigText.load(folder, ConfigText.MINIMAL, "weights_dtype=fp16"))
        .hasMessage(
            "Cannot read weights_dtype: it must be one of auto, float32, bfloat16, float16 (fp16)");
  }

  /** One of the two settings is enough; both left open are settled before a hash needs them. */
  @Test
  void takesTheFormatThatIsGiven() {
    String[] half = {"activations_dtype=bfloat16", "per_device_batch_size=auto"};
    ExecutionConfig given = ConfigText.load(folder, ConfigText.MINIMAL, half).execution();
    ExecutionConfig open = ConfigText.load(folder, ConfigText.MINIMAL).execution();

    assertThat(given.dtype()).isEqualTo(Precision.BFLOAT16);
    assertThat(given.isOpen()).isTrue();
    assertThat(new ExecutionConfig("cuda", Precision.FLOAT32, 1).isOpen()).isFalse();
    assertThat(open.askedDtype()).isEqualTo(Precision.AUTO);
    assertThatThrownBy(open::dtype).hasMessage("the number format must be settled first (auto)");
    assertThat(open.settled(Precision.FLOAT16, new BatchSize.Fixed(2), Large.WHOLE))
        .isEqualTo(new ExecutionConfig("auto", Precision.FLOAT16, 2));
    assertThatThrownBy(
            () -> ConfigText.load(folder, ConfigText.MINIMAL, "per_device_batch_size=some"))
        .hasMessage("Cannot read per_device_batch_size: it must be an integer or auto (some)");
    assertThatThrownBy(
            () ->
                ConfigText.load(
                    folder, ConfigText.MINIMAL, "device=cpu", "activations_dtype=float16"))
        .hasMessage(NEEDS_GPU);
  }

  @Test
  void checksTheNumberFormatOnceTheDeviceIsKnown() {
    ExecutionConfig named =
        new ExecutionConfig(
            "cuda", Precision.FLOAT16, Precision.AUTO, new BatchSize.Fixed(2), "./gpu-env");
    ExecutionConfig auto = new ExecutionConfig("auto", Precision.FLOAT16, 2);

    assertThat(auto.on("cuda:0").device()).isEqualTo("cuda:0");
    assertThat(named.on("cuda:0").libtorchPath()).isEqualTo("./gpu-env");
    assertThat(auto.on("cuda:0").dtype()).isEqualTo(Precision.FLOAT16);
    assertThatThrownBy(() -> auto.on("cpu")).hasMessage(NEEDS_GPU);
  }
}
