package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.kernel.Target;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

class OneDnnTest {

  @Test
  @EnabledIfSystemProperty(named = "os.arch", matches = "amd64|x86_64", disabledReason = "x86-64's")
  void onlyBfloat16HasUseForTiles() {
    try (TorchDevice device = TorchDevice.open("cpu")) {
      assertThat(device.target(Dtype.FLOAT32).kernels()).isEqualTo(Target.Kernels.ONEDNN);
      assertThat(device.target(Dtype.FLOAT16).kernels()).isEqualTo(Target.Kernels.ATEN);
    }
  }

  /** As on machines that lack its private operators. */
  @Test
  void isLeftOutWhereItIsSwitchedOff() {
    System.setProperty(OneDnn.PROPERTY, "false");
    try (TorchDevice device = TorchDevice.open("cpu")) {
      assertThat(device.target(Dtype.FLOAT32)).isEqualTo(Target.aten(Dtype.FLOAT32));
      assertThat(device.target(Dtype.BFLOAT16)).isEqualTo(Target.aten(Dtype.BFLOAT16));
    } finally {
      System.clearProperty(OneDnn.PROPERTY);
    }
  }
}
