package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

class GpuNameTest {

  private static final CudaDevice H200 = new CudaDevice("NVIDIA H200", 9, 0, "GPU-1");

  @TempDir private Path folder;

  @Test
  @EnabledIfSystemProperty(
      named = "os.arch",
      matches = "amd64",
      disabledReason = "stubs are x86-64")
  void namesTheGpuAndWhatComputesOnIt() throws IOException {
    Path cudart =
        new StubLibrary("libcudart.so.12").writes("cudaRuntimeGetVersion", 12060).in(folder);
    Path cudnn = new StubLibrary("libcudnn.so.9").returns("cudnnGetVersion", 90501).in(folder);
    String maps =
        """
        7f00-7f01 r-xp 00000000 08:01 12 /lib/libc.so.6
        7f02-7f03 r-xp 00000000 08:01 13 %s
        7f03-7f04 r--p 00000000 08:01 13 /somewhere/libcudnn_ops.so.9
        7f04-7f05 r-xp 00000000 08:01 14 %s
        """
            .formatted(cudart, cudnn);
    String module =
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 01:44:30 UTC 2024\n";

    assertThat(GpuName.of(H200, libraries(maps, module)))
        .isEqualTo(
            "NVIDIA H200 (compute capability 9.0, driver 550.54.14, CUDA 12.6, cuDNN 9.5.1)");
  }

  @Test
  void readsAnOpenModulesVersion() throws IOException {
    String module =
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build\n";

    assertThat(libraries("", module).driver()).contains("570.86.15");
  }

  @Test
  void leavesOutWhatCannotBeAsked() {
    CudaLibraries unknown =
        new CudaLibraries(folder.resolve("no maps"), folder.resolve("no module"));

    assertThat(GpuName.of(H200, unknown)).isEqualTo("NVIDIA H200 (compute capability 9.0)");
  }

  private CudaLibraries libraries(String maps, String module) throws IOException {
    return new CudaLibraries(
        Files.writeString(folder.resolve("maps"), maps),
        Files.writeString(folder.resolve("version"), module));
  }
}
