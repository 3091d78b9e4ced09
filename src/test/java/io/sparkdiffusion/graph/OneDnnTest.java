package io.sparkdiffusion.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OneDnnTest {

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "fpu avx512_bf16 amx_tile amx_bf16, true",
    "fpu avx512_bf16 amx_tile amx_int8, false",
    "fpu amx_bf16x, false",
    "fpu, false"
  })
  void readsTilesFromTheProcessorsFlags(String flags, boolean expected) throws IOException {
    Path file = folder.resolve("cpuinfo");
    String text =
        "processor\t: 0\nmodel name\t: with amx_bf16\nflags\t\t: %s\nbugs\t\t: amx_bf16\n";
    Files.writeString(file, text.formatted(flags));
    assertThat(OneDnn.hasTiles(file)).isEqualTo(expected);
  }

  @Test
  void knowsOfNoTilesWhereTheSystemDoesNotTell() {
    assertThat(OneDnn.hasTiles(folder.resolve("missing"))).isFalse();
  }

  @Test
  void onlyBfloat16HasUseForTiles() {
    try (TorchDevice device = TorchDevice.open("cpu")) {
      assertThat(device.target(Dtype.FLOAT32).kernels()).isEqualTo(Target.Kernels.ONEDNN);
      assertThat(device.target(Dtype.FLOAT16).kernels()).isEqualTo(Target.Kernels.ATEN);
    }
  }
}
