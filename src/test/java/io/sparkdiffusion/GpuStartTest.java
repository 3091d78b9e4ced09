package io.sparkdiffusion;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.cli.ExitCode;
import io.sparkdiffusion.testing.ChildJvm;
import io.sparkdiffusion.torch.StubCuda;
import io.sparkdiffusion.torch.StubLibrary;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole job beside stubs of NVIDIA's driver, each time in a JVM of its own. */
class GpuStartTest {

  private static final String OF_JOB =
      "Cannot use device=cuda: libtorch must have a GPU (libtorch 2.7.1+cpu of the job's jar"
          + " computes on CPUs only); let libtorch_path name a PyTorch with CUDA, which jobs/gpu-env"
          + " makes, or set device=cpu";

  @TempDir private Path folder;

  @Test
  void goesOnOnTheCpuAndSaysWhy() throws Exception {
    Run run = run(StubCuda.driver(12080, 1), "device=auto");

    assertThat(run.code()).as(run.printed()).isEqualTo(ExitCode.DONE);
    assertThat(run.printed())
        .contains(
            "device=auto is the CPU here: libtorch 2.7.1+cpu of the job's jar computes on CPUs"
                + " only");
  }

  @Test
  void refusesCudaWithEveryReason() throws Exception {
    Run run = run(StubCuda.driver(11080, 1), "device=cuda");

    assertThat(run.code()).as(run.printed()).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(run.last(2))
        .containsExactly(
            "Cannot use device=cuda: libtorch must have a GPU (the NVIDIA driver knows CUDA 11.8"
                + " and must know 12.0); install driver 525.60.13 or newer, or set device=cpu",
            OF_JOB);
  }

  /** Before anything is loaded: beside another version the JVM would end by a signal. */
  @Test
  void refusesALibtorchOfAnotherVersionOnAnyDevice() throws Exception {
    Path lib = Files.createDirectories(folder.resolve("torch/lib"));
    Files.writeString(folder.resolve("torch/version.py"), "__version__ = '2.11.0+cu130'\n");
    Files.writeString(lib.resolve("libtorch.so"), "");

    Run run = run(StubCuda.driver(12080, 1), "device=auto", "libtorch_path=" + folder);
    assertThat(run.code()).as(run.printed()).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(run.last(3).get(0))
        .startsWith("Cannot use libtorch_path=%s: its version must be 2.7.1".formatted(folder));
  }

  @Test
  void refusesALibtorchThatCannotBeLoaded() throws Exception {
    Path lib = Files.createDirectories(folder.resolve("torch/lib"));
    Files.writeString(folder.resolve("torch/version.py"), "__version__ = '2.7.1+cpu'\n");
    Files.writeString(lib.resolve("libtorch.so"), "no library");

    Run run = run(StubCuda.driver(12080, 1), "device=cpu", "libtorch_path=" + folder);
    assertThat(run.code()).as(run.printed()).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(run.last(1).get(0))
        .startsWith("Cannot start libtorch 2.7.1+cpu of %s: its libraries must".formatted(folder))
        .contains("libtorch.so");
  }

  private record Run(int code, String printed) {

    List<String> last(int count) {
      List<String> lines = printed.lines().toList();
      return lines.subList(lines.size() - count, lines.size());
    }
  }

  private Run run(StubLibrary driver, String... settings) throws IOException, InterruptedException {
    Path libraries = driver.in(folder.resolve("driver")).getParent();
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "configs/tiny.yml",
                "prompt=a red circle",
                "num_images=1",
                "num_inference_steps=1",
                "output_dir=" + folder.resolve("out")));
    arguments.addAll(Arrays.asList(settings));
    ProcessBuilder child =
        ChildJvm.of(
            Main.class,
            List.of(
                "-Xmx1g",
                "-Dspark.ui.enabled=false",
                "-Dlog4j2.configurationFile=file:jobs/lib/log4j2.properties"),
            arguments.toArray(String[]::new));
    child.environment().put("LD_LIBRARY_PATH", libraries.toString());
    Process process = child.start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(process.waitFor(), printed);
  }
}
